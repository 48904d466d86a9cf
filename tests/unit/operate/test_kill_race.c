/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * G5 under fire: owners run short statements, killers aim at statements they have seen. Every kill
 * that was called delivered was seen by the statement it was aimed at, once that had ended; every
 * other one by none. Each killer leaves its own mark: who of them struck is told by the reason.
 */

#include "../unit.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OWNERS 2
#define KILLERS 2

/* One entry a statement; killers and the owner each write bytes of their own. */
struct account {
    uint8_t delivered[KILLERS]; /* how often roster_kill() returned 0 */
    uint8_t seen;               /* the reason that the owner was told at the end */
    uint8_t polled;             /* or while the statement ran */
};

struct race {
    struct roster *roster;
    struct account *accounts[OWNERS];
    rst_word ids[OWNERS];
    rst_word statements;
    rst_word running; /* owners that are not through yet */
    rst_word delivered;
    rst_word too_late; /* -ESTALE */
    rst_word refused;  /* all that found the session */
};

struct part {
    struct race *race;
    unsigned n;
};

static void run_statement(struct race *race, unsigned n, struct roster_session *session)
{
    struct account *account;
    unsigned polls = 0;
    uint64_t seq;
    int killed = 0;

    cr_expect_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, NULL, 0), 0);
    seq = roster_stmt_seq(session);
    account = &race->accounts[n][seq];
    while (!killed && polls++ < seq % 8)
        killed = roster_killed(session);
    account->polled = (uint8_t)killed;
    if (seq % 64 == 0)
        usleep(1);
    account->seen = (uint8_t)roster_stmt_end(session);
}

static void *owner_main(void *arg)
{
    const struct part *part = arg;
    struct race *race = part->race;
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;
    uint64_t i;

    attr.id = race->ids[part->n];
    cr_expect_eq(roster_session_open(race->roster, &attr, &session), 0);
    for (i = 0; i < race->statements; i++)
        run_statement(race, part->n, session);
    cr_expect_eq(roster_session_close(session), 0);
    __atomic_fetch_sub(&race->running, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* The statement that the owner is seen to run; 0 for none. */
static uint64_t look(struct race *race, unsigned owner)
{
    const struct roster_session *session;
    const struct roster_statement *statement = NULL;
    uint64_t seq = 0;

    cr_expect_eq(roster_read_lock(race->roster), 0);
    session = roster_lookup(race->roster, race->ids[owner]);
    if (session)
        statement = unit_look(session)->statement;
    if (statement)
        seq = statement->seq;
    roster_read_unlock(race->roster);
    return seq;
}

static void count_answer(struct race *race, int result)
{
    cr_expect(result == 0 || result == -ESTALE || result == -ENOENT || result == -EALREADY ||
              result == -ESRCH);
    __atomic_fetch_add(&race->delivered, result == 0, __ATOMIC_RELAXED);
    __atomic_fetch_add(&race->too_late, result == -ESTALE, __ATOMIC_RELAXED);
    __atomic_fetch_add(&race->refused, result != 0 && result != -ESRCH, __ATOMIC_RELAXED);
}

static void *killer_main(void *arg)
{
    const struct part *part = arg;
    struct race *race = part->race;
    enum roster_kill_reason reason = ROSTER_KILL_REASON_INTERRUPTED + part->n;
    unsigned owner = 0;

    while (__atomic_load_n(&race->running, __ATOMIC_ACQUIRE)) {
        uint64_t seq = look(race, owner);
        int result;

        if (seq) {
            result = roster_kill(race->roster, race->ids[owner], ROSTER_KILL_TARGET_STATEMENT, seq,
                                 reason);
            if (result == 0)
                race->accounts[owner][seq].delivered[part->n]++;
            count_answer(race, result);
        }
        owner = (owner + 1) % OWNERS;
    }
    return NULL;
}

static void check_account(const struct account *account, uint64_t seq)
{
    unsigned n, delivered = 0, reason = 0;

    for (n = 0; n < KILLERS; n++)
        if (account->delivered[n]) {
            delivered += account->delivered[n];
            reason = ROSTER_KILL_REASON_INTERRUPTED + n;
        }
    cr_assert_leq(delivered, 1, "statement %llu was killed %u times", (unsigned long long)seq,
                  delivered);
    cr_assert_eq(account->seen, reason, "statement %llu saw %u, %u was delivered",
                 (unsigned long long)seq, account->seen, reason);
    if (account->polled)
        cr_assert_eq(account->polled, reason, "statement %llu", (unsigned long long)seq);
}

static uint64_t check_accounts(const struct race *race)
{
    uint64_t seq, delivered = 0;
    unsigned n;

    for (n = 0; n < OWNERS; n++)
        for (seq = 1; seq <= race->statements; seq++) {
            check_account(&race->accounts[n][seq], seq);
            delivered += race->accounts[n][seq].seen != 0;
        }
    return delivered;
}

static void run(uint64_t statements)
{
    struct race race = {.roster = unit_roster(NULL), .statements = statements, .running = OWNERS};
    pthread_t owners[OWNERS], killers[KILLERS];
    struct part owner_parts[OWNERS], killer_parts[KILLERS];
    uint64_t delivered;
    unsigned n;

    for (n = 0; n < OWNERS; n++) {
        race.ids[n] = n + 1;
        race.accounts[n] = calloc(statements + 1, sizeof(struct account));
        owner_parts[n] = (struct part){&race, n};
        cr_assert_eq(pthread_create(&owners[n], NULL, owner_main, &owner_parts[n]), 0);
    }
    for (n = 0; n < KILLERS; n++) {
        killer_parts[n] = (struct part){&race, n};
        cr_assert_eq(pthread_create(&killers[n], NULL, killer_main, &killer_parts[n]), 0);
    }
    for (n = 0; n < OWNERS; n++)
        cr_assert_eq(pthread_join(owners[n], NULL), 0);
    for (n = 0; n < KILLERS; n++)
        cr_assert_eq(pthread_join(killers[n], NULL), 0);
    delivered = check_accounts(&race);
    cr_assert_eq(unit_stats(race.roster).kills_delivered, delivered);
    cr_assert_gt(delivered, 0, "no kill was delivered: nothing was tested");
    cr_assert_gt(race.too_late, 0, "no kill came too late");
    cr_assert_eq(delivered, race.delivered);
    /* A kill that is refused because the session is closing is -ESRCH too, but is counted. */
    cr_assert_geq(unit_stats(race.roster).kills_refused, race.refused);
    cr_assert_leq(unit_stats(race.roster).kills_refused, race.refused + KILLERS * OWNERS);
    printf("%llu statements, %llu kills delivered, %llu too late\n",
           (unsigned long long)statements * OWNERS, (unsigned long long)delivered,
           (unsigned long long)race.too_late);
    for (n = 0; n < OWNERS; n++)
        free(race.accounts[n]);
    unit_destroy(race.roster);
}

Test(kill_race, every_answer_is_true)
{
    run((uint64_t)UNIT_SCALE(400000, 20000));
}
