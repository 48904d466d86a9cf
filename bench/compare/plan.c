/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What is compared. See plan.h.
 */
#include "plan.h"

#include <stdio.h>
#include <string.h>

#define CAN_READ (CAN_TXN | CAN_OLDEST | CAN_LIST)

const struct work_info works[N_WORKS] = {
    [WORK_PUBLISH] = {"publish", "begin and end a transaction", CAN_TXN, true},
    [WORK_STATEMENT] = {"statement", "statement with 100 bytes of text, transaction in it",
                        CAN_TXN | CAN_TEXT, false},
    [WORK_OLDEST] = {"oldest", "the oldest start timestamp", CAN_OLDEST, false},
    [WORK_LIST] = {"list", "list all sessions, all fields read", CAN_LIST, false},
    [WORK_LOOKUP] = {"lookup", "find a session by id and read its fields", CAN_LOOKUP, false},
    [WORK_CHURN] = {"churn", "close a session and open another", 0, false},
    [WORK_CHURN_STORM] = {"churn-storm", "the same beside a lister flat out", CAN_LIST, true},
    [WORK_MIXED] = {"mixed", "begin and end, 1 % churn, beside a syncer and a lister", CAN_READ,
                    true},
    [WORK_BESIDE] = {"beside", "begin and end beside a syncer at 10 ms and a lister at 100 ms",
                     CAN_READ, false},
    [WORK_LOOKED_UP] = {"looked-up", "begin and end beside a thread that looks up sessions",
                        CAN_TXN | CAN_LOOKUP, false},
    [WORK_STORM] = {"storm", "begin and end, 1 % churn, beside a lister flat out", CAN_READ, true},
    [WORK_STALLED] = {"stalled", "statement and transaction while a reader sleeps inside",
                      CAN_TXN | CAN_TEXT | CAN_HOLD, false},
    [WORK_HANDOVER] = {"handover", "begin on one thread, end on another", CAN_TXN, false},
};

#define K 1000
#define M 1000000

const struct table plan_short[] = {
    {WORK_PUBLISH, 1, 1 * K, 0, NULL},
    {WORK_PUBLISH, 2, 10 * K, 0, NULL},
    {WORK_STATEMENT, 1, 1 * K, 0, NULL},
    {WORK_OLDEST, 1, 100 * K, 10 * K, NULL},
    {WORK_OLDEST, 1, 1 * M, 1 * K, "roster,dense"},
    {WORK_LIST, 1, 100 * K, 10 * K, NULL},
    {WORK_LOOKUP, 1, 1 * K, 0, NULL},
    {WORK_LOOKUP, 2, 1 * K, 0, NULL},
    {WORK_LOOKUP, 1, 100 * K, 0, NULL},
    {WORK_LOOKED_UP, 1, 1 * K, 0, NULL},
    {WORK_BESIDE, 1, 10 * K, 0, NULL},
    {WORK_STORM, 1, 100 * K, 0, NULL},
    {WORK_CHURN, 1, 1 * K, 0, NULL},
    {WORK_CHURN, 1, 10 * K, 0, NULL},
    {WORK_CHURN, 1, 100 * K, 0, NULL},
    {WORK_CHURN_STORM, 1, 100 * K, 0, NULL},
    {WORK_MIXED, 64, 10 * K, 0, NULL},
    {WORK_STALLED, 1, 1 * K, 0, NULL},
    {WORK_HANDOVER, 2, 1 * K, 0, NULL},
};
const size_t plan_short_n = sizeof(plan_short) / sizeof(*plan_short);

#define THREADS(work, sessions)                                                                    \
    {work, 1, sessions, 0, NULL}, {work, 2, sessions, 0, NULL}, {work, 4, sessions, 0, NULL},      \
        {work, 16, sessions, 0, NULL},                                                             \
    {                                                                                              \
        work, 64, sessions, 0, NULL                                                                \
    }
#define SIZES(work, share)                                                                         \
    {work, 1, 1 * K, 1 * K / (share), NULL}, {work, 1, 10 * K, 10 * K / (share), NULL},            \
        {work, 1, 100 * K, 100 * K / (share), NULL},                                               \
    {                                                                                              \
        work, 1, 1 * M, 1 * M / (share), NULL                                                      \
    }

const struct table plan_full[] = {
    THREADS(WORK_PUBLISH, 10 * K),
    {WORK_PUBLISH, 1, 1 * K, 0, NULL},
    {WORK_PUBLISH, 1, 100 * K, 0, NULL},
    {WORK_PUBLISH, 1, 1 * M, 0, NULL},
    {WORK_STATEMENT, 1, 1 * K, 0, NULL},
    {WORK_STATEMENT, 2, 10 * K, 0, NULL},
    SIZES(WORK_OLDEST, 10),
    {WORK_OLDEST, 1, 100 * K, 0, NULL},
    {WORK_OLDEST, 1, 100 * K, 1 * K, NULL},
    {WORK_OLDEST, 1, 100 * K, 100 * K, NULL},
    {WORK_OLDEST, 1, 1 * M, 1 * K, "roster,dense"},
    {WORK_OLDEST, 2, 10 * K, 1 * K, NULL},
    SIZES(WORK_LIST, 10),
    {WORK_LIST, 2, 10 * K, 1 * K, NULL},
    SIZES(WORK_LOOKUP, M + 1),
    {WORK_LOOKUP, 2, 1 * K, 0, NULL},
    {WORK_LOOKUP, 2, 100 * K, 0, NULL},
    {WORK_LOOKED_UP, 1, 1 * K, 0, NULL},
    SIZES(WORK_CHURN, M + 1),
    {WORK_CHURN, 2, 10 * K, 0, NULL},
    {WORK_CHURN_STORM, 1, 100 * K, 0, NULL},
    {WORK_BESIDE, 1, 10 * K, 0, NULL},
    THREADS(WORK_MIXED, 10 * K),
    {WORK_STORM, 1, 100 * K, 0, NULL},
    {WORK_STORM, 16, 100 * K, 0, NULL},
    {WORK_STALLED, 1, 1 * K, 0, NULL},
    {WORK_HANDOVER, 2, 1 * K, 0, NULL},
};
const size_t plan_full_n = sizeof(plan_full) / sizeof(*plan_full);

bool table_same(const struct table *a, const struct table *b)
{
    return a->work == b->work && a->threads == b->threads && a->sessions == b->sessions &&
           a->open == b->open;
}

static bool named(const char *list, const char *name)
{
    size_t length = strlen(name);

    for (;;) {
        size_t next = strcspn(list, ",");

        if (next == length && !strncmp(list, name, length))
            return true;
        if (!list[next])
            return false;
        list += next + 1;
    }
}

bool table_takes(const struct table *table, const struct engine *engine)
{
    unsigned needs = works[table->work].needs;

    if ((engine->can & needs) != needs || (table->only && !named(table->only, engine->name)))
        return false;
    if (table->open && !engine->begin)
        return false;
    /* These differ from others in one thing alone. */
    if ((engine == &engine_roster_copy || engine == &engine_roster_again) &&
        table->work != WORK_LIST)
        return false;
    if (!strcmp(engine->name, "wiredtiger-plain") && table->work != WORK_PUBLISH)
        return false;
    if (!strcmp(engine->name, "textbook-free") && table->work != WORK_STALLED)
        return false;
    return !engine->most_sessions || table->sessions <= engine->most_sessions;
}

static void put_count(char *out, size_t size, size_t count)
{
    if (count >= M)
        snprintf(out, size, "%zu %03zu %03zu", count / M, count / K % K, count % K);
    else if (count >= 10 * K)
        snprintf(out, size, "%zu %03zu", count / K, count % K);
    else
        snprintf(out, size, "%zu", count);
}

void table_title(const struct table *table, char *out, size_t size)
{
    char sessions[32], open[48] = "";

    put_count(sessions, sizeof(sessions), table->sessions);
    if (table->open) {
        char number[32];

        put_count(number, sizeof(number), table->open);
        snprintf(open, sizeof(open), ", %s open", number);
    }
    snprintf(out, size, "%s, %zu thread%s, %s sessions%s", works[table->work].name, table->threads,
             table->threads > 1 ? "s" : "", sessions, open);
}
