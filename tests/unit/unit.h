/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What the unit tests share: rosters whose clocks the test turns, the state of a roster before a
 * call that fails, and a look at private counts.
 */
#pragma once

#include "config.h"

#include "core/roster/roster.h"
#include "core/roster/session.h"

#include <roster/roster.h>
#include <sys/wait.h>
#include <unistd.h>

/* Sanitizers and valgrind make a test some ten times slower; their builds do less of the same. */
#if defined(ROSTER_SANITIZER_THREAD)
#define UNIT_SCALE(plain, sanitized) (sanitized)
#elif defined(ROSTER_SANITIZER_ADDRESS) || defined(ROSTER_SANITIZER_UNDEFINED)
#define UNIT_SCALE(plain, sanitized) (sanitized)
#else
#define UNIT_SCALE(plain, sanitized) (unit_slow() ? (sanitized) : (plain))
#endif

/* Whether the test runs under valgrind or such (ROSTER_TEST_SLOW is set), or is emulated. */
bool unit_slow(void);

/* Whether an emulator runs it, see tests/run-test. */
bool unit_emulated(void);

/* An oracle that counts up from `next`, or fails with `err`. */
struct unit_oracle {
    rst_word next;
    rst_word calls;
    int err;
};

int unit_oracle_get(void *arg, uint64_t *ts);

/* A roster with manual ticks and the oracle, or its own clock when that is NULL. */
struct roster *unit_roster(struct unit_oracle *oracle);
struct roster *unit_roster_with(const struct roster_options *options);

/* Destroys it; the test fails when anything is still open. */
void unit_destroy(struct roster *roster);

struct roster_session *unit_open(struct roster *roster);
struct roster_session *unit_open_as(struct roster *roster, enum roster_session_kind kind,
                                    uint32_t flags);
void unit_close(struct roster_session *session);

/* Closes its last session and destroys it. */
void unit_end(struct roster *roster, struct roster_session *session);

struct roster_stats unit_stats(struct roster *roster);
struct roster_min unit_min(struct roster *roster);
struct roster_pin *unit_pin(struct roster *roster, struct roster_session *session, uint64_t ts);

/* What the session shows, with its text; valid until the fourth next call of this thread. */
const struct roster_shown *unit_look(const struct roster_session *session);

/* Since when it waits for a lock; 0 when it does not. */
uint64_t unit_blocked_since(const struct roster_shown *shown);

/* Sets the coarse clock from which views take "since when". */
void unit_set_clock(struct roster *roster, uint64_t now);

/* Runs `fn(arg)` in a new thread and waits for its end. */
void unit_in_thread(void (*fn)(void *arg), void *arg);

/* Slots whose word pins something, and slots that no free list has. */
unsigned unit_slots_pinned(struct roster *roster);
unsigned unit_slots_taken(struct roster *roster);

/* What must not change when a call fails. */
struct unit_state {
    struct roster_stats stats;
    struct roster_session session;
    struct roster_shown view;
    uint64_t slot;
    unsigned pinned;
    unsigned taken;
    uint64_t floor;
    uint64_t safe_point;
    uint64_t protected_from;
};

/* What the session's transaction pins; 0 for nothing. */
uint64_t unit_pinned_by(const struct roster_session *session);

/* Copies what must not change of a session. */
void unit_session_copy(struct roster_session *copy, const struct roster_session *session);

/* `session` may be NULL. */
void unit_state_take(struct unit_state *state, struct roster *roster,
                     const struct roster_session *session);

/* What differs between two states; NULL when nothing does. Counts of refusals may grow. */
const char *unit_state_differs(const struct unit_state *before, const struct unit_state *after);

/* The call returns `error` and changes nothing. */
#define unit_refused(roster, session, call, error)                                                 \
    do {                                                                                           \
        struct unit_state unit_before, unit_after;                                                 \
        const char *unit_what;                                                                     \
        int unit_result;                                                                           \
                                                                                                   \
        unit_state_take(&unit_before, (roster), (session));                                        \
        unit_result = (call);                                                                      \
        unit_state_take(&unit_after, (roster), (session));                                         \
        cr_assert_eq(unit_result, (error), "%s: %d, not %d", #call, unit_result, (error));         \
        unit_what = unit_state_differs(&unit_before, &unit_after);                                 \
        cr_assert_null(unit_what, "%s: changed %s", #call, unit_what);                             \
    } while (0)

/* The call succeeds. */
#define unit_ok(call)                                                                              \
    do {                                                                                           \
        int unit_result = (call);                                                                  \
                                                                                                   \
        cr_assert_eq(unit_result, 0, "%s: %d", #call, unit_result);                                \
    } while (0)

/* The condition holds in a child that is forked here. */
#define unit_in_child(condition)                                                                   \
    do {                                                                                           \
        pid_t unit_child = fork();                                                                 \
        int unit_status;                                                                           \
                                                                                                   \
        cr_assert_geq(unit_child, 0);                                                              \
        if (unit_child == 0)                                                                       \
            _exit((condition) ? 0 : 1);                                                            \
        cr_assert_eq(waitpid(unit_child, &unit_status, 0), unit_child);                            \
        cr_assert_eq(unit_status, 0);                                                              \
    } while (0)

/* How many words of 8 bytes differ. */
unsigned unit_words_changed(const void *before, const void *now, size_t size);
