/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A statement's progress: words of the session's side, which belong to the statement whose number
 * is beside them.
 *
 *     owner, the first time in a statement       reader, that has looked at statement n
 *     1 number := 0                              a number is n                  (acquire)
 *     2 done, total        (release)             b read done, total             (acquire)
 *     3 number := n        (release)             c number is n still
 *
 * Had b read another statement's words, it would have acquired the 1 before them, and c would not
 * find n. Later calls in the statement execute only 2.
 */
#include "core/roster/enter.h"
#include "core/roster/look.h"
#include "core/roster/session.h"
#include "core/roster/side.h"
#include "core/roster/wait_events.h"

#include <errno.h>
#include <roster/progress.h>
#include <string.h>

#define PHASE_SHIFT 48

_Static_assert(ROSTER_WAIT_EVENTS < 1 << (64 - PHASE_SHIFT), "a phase fits above a total");

int roster_stmt_set_progress(struct roster_session *session, uint32_t phase, uint64_t done,
                             uint64_t total)
{
    int err = rst_session_refuses(session);
    const struct rst_statement *statement;
    struct rst_side *side;
    uint64_t seq;
    bool is_new;

    if (rst_unlikely(err))
        return err;
    statement = rst_view_statement(session->view);
    if (rst_unlikely(!statement || total > ROSTER_PROGRESS_MAX ||
                     (phase && !rst_wait_is_event(phase))))
        return -EINVAL;
    side = rst_likely(session->side) ? session->side : rst_side_need(session);
    if (rst_unlikely(!side))
        return -ENOMEM;
    seq = rst_load(&statement->seq);
    is_new = rst_load(&side->progress_seq) != seq;
    if (rst_unlikely(is_new))
        rst_store(&side->progress_seq, 0); /* 1 */
    rst_store_release(&side->progress_total,
                      (uint64_t)phase << PHASE_SHIFT | total); /* 2: pairs with b */
    rst_store_release(&side->progress_done, done);             /* 2: pairs with b */
    if (rst_unlikely(is_new))
        rst_store_release(&side->progress_seq, seq); /* 3: pairs with a */
    return 0;
}

int roster_session_progress(const struct roster_session *session, const struct roster_shown *shown,
                            struct roster_progress *progress)
{
    const struct rst_side *side = session ? rst_side_of(session) : NULL;
    uint64_t total;

    if (!progress)
        return 0;
    memset(progress, 0, sizeof(*progress));
    if (!side || !shown || !shown->statement ||
        rst_load_acquire(&side->progress_seq) != shown->statement->seq) /* a: pairs with 3 */
        return 0;
    progress->done = rst_load_acquire(&side->progress_done);      /* b: pairs with 2 */
    total = rst_load_acquire(&side->progress_total);              /* b: pairs with 2 */
    if (rst_load(&side->progress_seq) != shown->statement->seq) { /* c */
        progress->done = 0;
        return 0;
    }
    progress->total = total & ROSTER_PROGRESS_MAX;
    progress->phase = (uint32_t)(total >> PHASE_SHIFT);
    return 1;
}
