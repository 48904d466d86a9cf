/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Rosters that live for a moment, and children that are forked in the middle of everything.
 */
#include "config.h"

#include "actor.h"
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static bool slow_taken;

bool slow_begin(void)
{
    return !__atomic_exchange_n(&slow_taken, true, __ATOMIC_ACQUIRE);
}

void slow_end(void)
{
    __atomic_store_n(&slow_taken, false, __ATOMIC_RELEASE);
}

static void ok(const char *what, int err)
{
    require("API", err == 0, "%s in a young roster: error %d", what, err);
}

static void live(struct actor *actor, struct roster *roster)
{
    struct roster_session *sessions[8];
    struct roster_pin *pin;
    uint64_t n = 1 + rng_below(&actor->rng, 8), i;

    ok("pin", roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_BACKUP, &pin));
    for (i = 0; i < n; i++) {
        ok("open", roster_session_open(roster, NULL, &sessions[i]));
        ok("begin", roster_txn_begin(sessions[i], NULL));
        ok("statement", roster_stmt_begin(sessions[i], ROSTER_COMMAND_QUERY, "x", 1, NULL, 0));
    }
    ok("minimum", roster_min_advance(roster, 0, NULL));
    require("API", roster_destroy(roster) == -EBUSY, "a roster with sessions was destroyed");
    for (i = 0; i < n; i++) {
        ok("check", roster_txn_check(sessions[i]));
        ok("close", roster_session_close(sessions[i]));
    }
    ok("unpin", roster_pin_release(pin));
}

void live_once(struct actor *actor, struct arena *arena)
{
    struct roster *roster;

    (void)arena;
    if (!slow_begin())
        return;
    ok("create", roster_create(NULL, &roster));
    live(actor, roster);
    ok("destroy", roster_destroy(roster));
    count(&actor->tally.rosters);
    slow_end();
}

/* In the child: the number of the first call that did not refuse, or 0. */
static int refused_by_all(struct roster *roster, struct roster_session *session)
{
    struct roster_session *opened = NULL;
    struct roster_snapshot *list = NULL;
    struct roster_stats stats = {.size = sizeof(stats)};
    struct roster_pin *pin = NULL;
    const int results[] = {
        roster_session_open(roster, NULL, &opened),
        roster_read_lock(roster),
        roster_min_advance(roster, 0, NULL),
        roster_snapshot(roster, &list),
        roster_stats(roster, &stats),
        roster_pin_acquire(roster, NULL, 0, ROSTER_PIN_CURSOR, &pin),
        roster_kill(roster, 1, ROSTER_KILL_TARGET_CONNECTION, 0, ROSTER_KILL_REASON_RUNAWAY),
        roster_destroy(roster),
        session ? roster_txn_begin(session, NULL) : -ECHILD,
        session ? roster_txn_prepare(session) : -ECHILD,
        session ? roster_txn_begin_at(session, 1) : -ECHILD,
        session ? roster_txn_finish(session) : -ECHILD,
        session ? roster_txn_check(session) : -ECHILD,
        session ? roster_stmt_begin(session, ROSTER_COMMAND_QUERY, NULL, 0, NULL, 0) : -ECHILD,
        session ? roster_stmt_end(session) : -ECHILD,
        session ? roster_session_close(session) : -ECHILD,
    };
    size_t n;

    for (n = 0; n < sizeof(results) / sizeof(results[0]); n++)
        if (results[n] != -ECHILD)
            return (int)n + 1;
    return 0;
}

/*
 * In the child, whatever the parent's threads were doing: a roster of its own. Whether it works.
 * ThreadSanitizer lets the child start no threads; AddressSanitizer's allocator may be locked
 * there.
 */
static bool has_own(void)
{
#if defined(ROSTER_SANITIZER_THREAD) || defined(ROSTER_SANITIZER_ADDRESS)
    return true;
#else
    const char *emulator = getenv("ROSTER_TEST_EMULATOR");
    struct roster_session *session;
    struct roster *roster;

    if (emulator && *emulator)
        return true;
    return !roster_create(NULL, &roster) && !roster_session_open(roster, NULL, &session) &&
           !roster_txn_begin(session, NULL) && !roster_min_advance(roster, 0, NULL) &&
           !roster_session_close(session) && !roster_destroy(roster);
#endif
}

void fork_once(struct actor *actor, struct arena *arena)
{
    struct roster_session *session = NULL;
    int status = 0;
    pid_t child;

    if (!slow_begin())
        return;
    if (actor->n_hand)
        session = actor->hand[0]->session;
    child = fork();
    require("harness", child >= 0, "no child: %d", errno);
    if (child == 0) {
        alarm(60);
        status = refused_by_all(arena->roster, session);
        _exit(status ? status : has_own() ? 0 : 100);
    }
    while (waitpid(child, &status, 0) < 0)
        require("harness", errno == EINTR, "the child was lost: %d", errno);
    require("API", WIFEXITED(status) && WEXITSTATUS(status) == 0,
            "a forked child ended with status %#x", (unsigned)status);
    count(&actor->tally.forks);
    slow_end();
}
