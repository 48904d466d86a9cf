/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Whether the library that was found at run time fits what the caller was compiled with. The
 * dynamic linker sees to that by the SONAME and by symbol versions; a plugin that is loaded
 * into a server beside any build of the library asks as well, before it calls anything else.
 */
#ifndef ROSTER_BUILD_H
#define ROSTER_BUILD_H

#include <roster/activity.h>
#include <roster/block.h>
#include <roster/conn_id.h>
#include <roster/drain.h>
#include <roster/event_log.h>
#include <roster/export.h>
#include <roster/history.h>
#include <roster/inline.h>
#include <roster/kill.h>
#include <roster/list.h>
#include <roster/manager.h>
#include <roster/metrics.h>
#include <roster/minimum.h>
#include <roster/progress.h>
#include <roster/quota.h>
#include <roster/rows.h>
#include <roster/schema_check.h>
#include <roster/session.h>
#include <roster/version.h>
#include <roster/view.h>
#include <roster/watchdog.h>
#include <stddef.h>
#include <stdint.h>

/* Every struct of libroster's headers; 1: it begins with its size, and may grow. New ones go to the
 * end. */
#define ROSTER_BUILD_STRUCTS(STRUCT)                                                               \
    STRUCT(roster_activity_options, 1)                                                             \
    STRUCT(roster_activity_row, 0)                                                                 \
    STRUCT(roster_activity_sum, 1)                                                                 \
    STRUCT(roster_activity_filter, 1)                                                              \
    STRUCT(roster_block, 1)                                                                        \
    STRUCT(roster_blocked, 1)                                                                      \
    STRUCT(roster_deadlock_member, 0)                                                              \
    STRUCT(roster_deadlock, 0)                                                                     \
    STRUCT(roster_deadlock_list, 0)                                                                \
    STRUCT(roster_conn_id, 0)                                                                      \
    STRUCT(roster_conn_ids_options, 1)                                                             \
    STRUCT(roster_conn_ids_stats, 1)                                                               \
    STRUCT(roster_drain_progress, 0)                                                               \
    STRUCT(roster_drain_options, 1)                                                                \
    STRUCT(roster_drain_left, 0)                                                                   \
    STRUCT(roster_drain_report, 1)                                                                 \
    STRUCT(roster_logged, 1)                                                                       \
    STRUCT(roster_event_log_state, 1)                                                              \
    STRUCT(roster_history_entry, 0)                                                                \
    STRUCT(roster_history_list, 0)                                                                 \
    STRUCT(roster_identity, 0)                                                                     \
    STRUCT(roster_session_front, 0)                                                                \
    STRUCT(roster_kill_info, 1)                                                                    \
    STRUCT(roster_kill_filter, 1)                                                                  \
    STRUCT(roster_kill_counts, 1)                                                                  \
    STRUCT(roster_entry, 0)                                                                        \
    STRUCT(roster_snapshot, 0)                                                                     \
    STRUCT(roster_options, 1)                                                                      \
    STRUCT(roster_stats, 1)                                                                        \
    STRUCT(roster_times, 0)                                                                        \
    STRUCT(roster_metrics, 1)                                                                      \
    STRUCT(roster_holder, 0)                                                                       \
    STRUCT(roster_min, 1)                                                                          \
    STRUCT(roster_min_filter, 1)                                                                   \
    STRUCT(roster_progress, 0)                                                                     \
    STRUCT(roster_quota_rule, 1)                                                                   \
    STRUCT(roster_quota_refusal, 1)                                                                \
    STRUCT(roster_group, 0)                                                                        \
    STRUCT(roster_groups, 1)                                                                       \
    STRUCT(roster_row_process, 0)                                                                  \
    STRUCT(roster_row_is_process, 0)                                                               \
    STRUCT(roster_row_trx, 0)                                                                      \
    STRUCT(roster_row_lock_wait, 0)                                                                \
    STRUCT(roster_row_deadlock, 0)                                                                 \
    STRUCT(roster_schema_job, 0)                                                                   \
    STRUCT(roster_schema_verdict, 0)                                                               \
    STRUCT(roster_session_attr, 1)                                                                 \
    STRUCT(roster_statement, 0)                                                                    \
    STRUCT(roster_shown, 0)                                                                        \
    STRUCT(roster_copy, 0)                                                                         \
    STRUCT(roster_event, 0)                                                                        \
    STRUCT(roster_watchdog_options, 1)                                                             \
    STRUCT(roster_memory_kill, 0)                                                                  \
    STRUCT(roster_blocking, 1)

#define ROSTER_BUILD_BYTE(name, grows) char name;
#define ROSTER_BUILD_SIZE(name, grows) sizeof(struct name),

/* A byte for each, so that its size is their number. */
struct roster_build_structs {
    ROSTER_BUILD_STRUCTS(ROSTER_BUILD_BYTE)
};

/* What a caller was compiled with. Make it by ROSTER_BUILD_INIT. */
struct roster_build {
    size_t size;      /* sizeof(struct roster_build) */
    uint32_t version; /* ROSTER_VERSION_NUMBER */
    uint32_t sizes[sizeof(struct roster_build_structs)];
};

#define ROSTER_BUILD_INIT                                                                          \
    {                                                                                              \
        sizeof(struct roster_build), ROSTER_VERSION_NUMBER,                                        \
        {                                                                                          \
            ROSTER_BUILD_STRUCTS(ROSTER_BUILD_SIZE)                                                \
        }                                                                                          \
    }

ROSTER_BEGIN_DECLS

/*
 * Compares what the caller was compiled with and this library. It fits when their versions are
 * compatible (doc/abi.md), no struct that grows is larger than the library's, and every other one
 * is as large. Any thread, before or after all else.
 *
 * `differs`: what does not fit, a constant string: "version", the name of a struct, or "structs"
 * when the list of them does not; NULL when it fits. May be NULL.
 *
 * Returns 0 when it fits; -EINVAL for NULL or a struct smaller than the first version's; -E2BIG for
 * a header with structs that this library does not know; -ENOEXEC when `differs` does not fit.
 */
ROSTER_API int roster_build_check(const struct roster_build *build,
                                  const char **differs) ROSTER_MUST_CHECK;

ROSTER_END_DECLS

#endif
