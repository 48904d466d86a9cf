/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Searching for a cycle of waits when one of them begins, and keeping it.
 *
 *     owner of each member
 *     1 publish its wait
 *     2 a full fence
 *     3 follow the waits from its holder on; back at itself: 4, else done
 *     4 under the deadlocks' lock, follow the same waits again: each must be the one of 3
 *     5 they are: keep the deadlock, end its own wait, and refuse it; else from 3
 *
 * The member whose fence is last sees every wait of the cycle in its 3, so no cycle is missed,
 * provided that all members search. Every cycle found was real: a wait of 3 that is still the same
 * in 4 existed in between, so all of them existed when 3 ended. If several members find one cycle
 * at the same time, the first that gets the lock ends its wait there, so 4 of the others fails.
 *
 * A cycle that this session waits for without being a member is not its own: 3 stops there.
 */
#include "core/owner/owner.h"

#include "core/base/clock.h"
#include "core/roster/block.h"
#include "core/roster/event_log.h"
#include "core/roster/look.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"
#include "core/roster/txn_seq.h"
#include "core/roster/wait_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16
#define LONGEST_CHAIN 65536

/* Waits that lead from one session to the next and back, or as far as they were followed. */
struct circle {
    struct circle_wait {
        const struct roster_session *session;
        uint64_t version, word; /* of its record, and of its wait */
    } * waits;
    size_t count, size;
};

static bool grow(struct circle *circle)
{
    size_t size = circle->size ? circle->size * 2 : FIRST_SIZE;
    void *grown = realloc(circle->waits, size * sizeof(*circle->waits));

    if (!grown)
        return false;
    circle->waits = grown;
    circle->size = size;
    return true;
}

/* 3. Returns 1 for a circle, 0, or -ENOMEM. */
static int follow(struct roster *roster, const struct roster_session *session,
                  struct circle *circle)
{
    const struct roster_session *at = session, *seen = NULL;
    struct rst_blocked blocked;

    for (circle->count = 0; circle->count < LONGEST_CHAIN; circle->count++) {
        if (!rst_block_read(at, &blocked))
            return 0;
        if (circle->count == circle->size && !grow(circle))
            return -ENOMEM;
        circle->waits[circle->count].session = at;
        circle->waits[circle->count].version = blocked.block.version;
        circle->waits[circle->count].word = blocked.word;
        at = rst_block_holder(roster, &blocked);
        if (at == session) {
            circle->count++;
            return 1;
        }
        if (!at || at == seen)
            return 0;
        if (!(circle->count & (circle->count + 1))) /* of a circle that it is not in, in the end */
            seen = at;
    }
    return 0;
}

/* 4. */
static bool is_there_still(struct roster *roster, const struct circle *circle)
{
    struct rst_blocked blocked;
    size_t n;

    for (n = 0; n < circle->count; n++)
        if (!rst_block_read(circle->waits[n].session, &blocked) ||
            blocked.block.version != circle->waits[n].version ||
            blocked.word != circle->waits[n].word ||
            rst_block_holder(roster, &blocked) !=
                circle->waits[n + 1 < circle->count ? n + 1 : 0].session)
            return false;
    return true;
}

static void keep_member(struct roster_deadlock_member *member, const struct roster_session *session,
                        uint64_t now)
{
    struct roster_copy copy;
    struct rst_blocked blocked;
    const struct roster_shown *shown =
        rst_look_at(session, &copy, member->text, sizeof(member->text));
    uint64_t since;

    memset(member, 0, offsetof(struct roster_deadlock_member, text));
    member->session_id = roster_session_id(session);
    member->start_ts = shown->start_ts;
    member->txn_seq = rst_txn_look(session).seq;
    rst_event_log_string(member->user, sizeof(member->user),
                         roster_identity_user(rst_dereference(&session->identity)));
    if (shown->statement) {
        member->stmt_seq = shown->statement->seq;
        member->text_length = shown->statement->text_length;
    }
    member->text[member->text_length] = '\0';
    if (!rst_block_read(session, &blocked))
        return;
    since = blocked.word & ~RST_WAIT_LOW;
    member->wait_ns = rst_since(now, since);
    member->event = (uint32_t)(blocked.word & RST_WAIT_EVENT_MASK);
    memcpy(member->what, blocked.block.what, sizeof(member->what));
}

/* Under the read lock and the deadlocks' lock: keeps a circle, as it is now, and leaves its number
 * with its members. */
static void keep(struct rst_deadlocks *deadlocks, const struct circle *circle, uint64_t now)
{
    struct roster_deadlock **place = &deadlocks->kept[deadlocks->total++ % ROSTER_DEADLOCKS];
    uint32_t n;

    for (n = 0; n < circle->count; n++) {
        const struct rst_side *side = rst_side_of(circle->waits[n].session);

        rst_store((rst_word *)(uintptr_t)&side->deadlock, deadlocks->total);
    }
    if (!*place) {
        *place = malloc(sizeof(**place));
        if (!*place)
            return;
        rst_store(&deadlocks->memory, deadlocks->memory + sizeof(**place));
    }
    memset(*place, 0, sizeof(**place));
    (*place)->number = deadlocks->total;
    (*place)->at_ms = rst_wall_ms();
    (*place)->at = now;
    (*place)->members = (uint32_t)circle->count;
    for (n = 0; n < circle->count && n < ROSTER_DEADLOCK_MEMBERS; n++)
        keep_member(&(*place)->member[n], circle->waits[n].session, now);
    (*place)->kept = n;
    (*place)->member[0].wait_ns = 0; /* it has just begun */
}

/* For the event log: what was kept. Under the deadlocks' lock; NULL where there was no memory. */
static void describe(const struct rst_deadlocks *deadlocks, struct roster_logged *event)
{
    const struct roster_deadlock *kept = deadlocks->kept[(deadlocks->total - 1) % ROSTER_DEADLOCKS];
    char text[ROSTER_DEADLOCK_MEMBERS * (ROSTER_DEADLOCK_USER + 32)];
    int length = 0;
    uint32_t n;

    memset(event, 0, sizeof(*event));
    event->kind = ROSTER_LOGGED_DEADLOCK;
    snprintf(event->what, sizeof(event->what), "refused");
    snprintf(event->name, sizeof(event->name), "%" PRIu64, deadlocks->total);
    if (!kept)
        return;
    event->session_id = kept->member[0].session_id;
    event->stmt_seq = kept->member[0].stmt_seq;
    event->start_ts = kept->member[0].start_ts;
    event->txn_seq = kept->member[0].txn_seq;
    memcpy(event->user, kept->member[0].user, sizeof(kept->member[0].user));
    for (n = 0; n < kept->kept; n++)
        length +=
            snprintf(text + length, sizeof(text) - (size_t)length, "%s%" PRIu64 "%s%s%s",
                     n ? ", " : "", kept->member[n].session_id, *kept->member[n].user ? " (" : "",
                     kept->member[n].user, *kept->member[n].user ? ")" : "");
    rst_event_log_text(event->text, sizeof(event->text), text, (size_t)length);
}

static int check(struct roster *roster, struct roster_session *session, struct circle *circle)
{
    struct roster_logged event;
    int found;

    while ((found = follow(roster, session, circle)) > 0) {
        rst_test_point("deadlock: found");
        pthread_mutex_lock(&roster->deadlocks.lock);
        if (is_there_still(roster, circle)) {
            keep(&roster->deadlocks, circle, rst_ticker_now(&roster->ticker));
            describe(&roster->deadlocks, &event);
            rst_store(&session->side->wait, 0); /* 5 */
            found = -EDEADLK;
        }
        pthread_mutex_unlock(&roster->deadlocks.lock);
        if (found < 0) {
            rst_event_log_add(roster, &event);
            break;
        }
    }
    return found;
}

int rst_deadlock_check(struct roster_session *session)
{
    struct circle circle = {NULL, 0, 0};
    int err;

    rst_fence_full_slow(); /* 2: pairs with those of the other members */
    rst_rcu_read_lock();
    err = check(rst_session_roster(session), session, &circle);
    rst_rcu_read_unlock();
    free(circle.waits);
    return err;
}
