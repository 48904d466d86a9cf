/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Functions for SQL servers: connection ids, rows of process lists, lock waits, tables in use, and
 * a schema change that waits for them.
 */
#include "must.h"

#include <inttypes.h>
#include <roster/roster.h>

static struct roster_conn_ids *make_ids(struct roster *roster)
{
    struct roster_conn_ids_options options = ROSTER_CONN_IDS_OPTIONS_INIT;
    struct roster_conn_ids *ids;
    uint64_t internal;

    options.roster = roster;
    options.local_ids = 10000;   /* more connections than that get 64-bit ids */
    options.narrow_percent = 60; /* until 60 % of the short ones are free again */
    MUST(roster_conn_ids_create(&options, &ids));
    MUST(roster_conn_ids_set_server(ids, 7));
    MUST(roster_conn_ids_reserved(ids, 0, &internal)); /* the same after every restart */
    printf("internal session: %" PRIx64 "\n", internal);
    return ids;
}

/* KILL with a client's id: finds the server that it belongs to. */
static void route_kill(uint64_t id)
{
    struct roster_conn_id parts;
    uint64_t again;

    MUST(roster_conn_id_parse(id, &parts));
    MUST(roster_conn_id_compose(&parts, &again));
    printf("connection %" PRIu64 " of server %" PRIu32 ", %" PRIu32 " bits%s\n", parts.local,
           parts.server, parts.width, again == id ? "" : ", not the same");
}

static void show_rows(struct roster *roster, uint64_t id)
{
    struct roster_snapshot *snapshot;
    struct roster_row_process process;
    struct roster_row_is_process is;
    struct roster_row_trx trx;

    MUST(roster_snapshot_ids(roster, &id, 1, &snapshot));
    MUST(roster_row_process(snapshot, &snapshot->entries[0], false, &process));
    MUST(roster_row_is_process(snapshot, &snapshot->entries[0], 0, &is));
    MUST(roster_row_trx(snapshot, &snapshot->entries[0], &trx));
    printf("%s | %.*s | %" PRIu64 " bytes | %s\n", process.command, (int)process.info_length,
           process.info, is.mem, trx.state);
    roster_snapshot_free(snapshot);
}

static void change_schema(struct roster *roster)
{
    const uint64_t tables[] = {42};
    const struct roster_schema_job job = {.id = 1, .version = 6, .tables = tables, .n_tables = 1};
    struct roster_schema_verdict verdict;

    MUST(roster_schema_check(roster, &job, 1, &verdict));
    printf("the change waits for %" PRIu64 " transactions\n", verdict.blockers);
}

int main(void)
{
    static const char text[] = "update t set a = 1";
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_conn_ids_stats stats = {.size = sizeof(stats)};
    struct roster_history *history;
    struct roster_session *session;
    struct roster_conn_ids *ids;
    struct roster *roster;
    uint64_t start_ts;

    MUST(roster_create(NULL, &roster));
    ids = make_ids(roster);
    MUST(roster_conn_ids_next(ids, &attr.id));
    attr.flags = ROSTER_SESSION_DIGESTS;
    MUST(roster_session_open(roster, &attr, &session));
    route_kill(attr.id);

    MUST(roster_history_create(0, 0, &history));
    MUST(roster_history_set(history, 10, 0)); /* a system variable was changed */
    MUST(roster_txn_begin(session, &start_ts));
    MUST(roster_txn_use_table(session, 42, 5));
    MUST(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, sizeof(text) - 1, NULL, 0));
    MUST(roster_session_set_memory(session, 4096));
    MUST(roster_lock_wait_begin(session));
    show_rows(roster, attr.id);
    change_schema(roster);
    MUST(roster_lock_wait_end(session));
    MUST(roster_stmt_end(session));
    MUST(roster_history_add(history, session));
    MUST(roster_txn_finish(session));
    change_schema(roster);

    MUST(roster_session_close(session));
    MUST(roster_conn_ids_release(ids, attr.id)); /* given out again after a grace period */
    MUST(roster_conn_ids_stats(ids, &stats));
    printf("%" PRIu64 " wide ids are out\n", stats.open_64);
    roster_history_destroy(history);
    MUST(roster_conn_ids_destroy(ids));
    MUST(roster_destroy(roster));
    return 0;
}
