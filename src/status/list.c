/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Lists of sessions and of transactions, made while the client reads them.
 *
 * When a list is asked for, one walk chooses the ids, at most `limit` of them: that is what a slow
 * reader keeps in memory, beside the buffer that is on its way. The rows are copied a few at a time
 * when the client has taken the ones before, each in a short section of its own, so that a reader
 * never holds up reclamation either. So each row is of one instant, different rows are not of the
 * same one, and a session that has ended or changed since is left out; one that is there and
 * fits all the time appears once, since ids are chosen once and in order.
 */
#include "config.h"

#include "status/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_IDS 64
#define ROWS_AT_ONCE 8

struct stream {
    struct query query;
    uint64_t *ids; /* while they are chosen: a heap with the largest on top; then in order */
    size_t size, count, next;
    uint64_t sessions, matched;
    bool done;
    struct budget *budget;
    struct roster_snapshot now; /* only its times */
    struct roster_entry entry;  /* only what rst_rows_match() looks at */
};

void rst_stream_free(struct request *request)
{
    struct stream *stream = request->stream;

    if (!stream)
        return;
    budget_give(stream->budget, sizeof(*stream) + stream->size * sizeof(*stream->ids));
    free(stream->ids);
    free(stream);
    request->stream = NULL;
}

static struct stream *stream_new(struct request *request)
{
    struct budget *budget = request->text.budget;
    struct stream *stream;

    if (!budget_take(budget, sizeof(*stream)))
        return NULL;
    stream = calloc(1, sizeof(*stream));
    if (!stream) {
        budget_give(budget, sizeof(*stream));
        return NULL;
    }
    stream->budget = budget;
    request->stream = stream;
    return stream;
}

static void take_time(struct roster_snapshot *now)
{
    struct timespec monotonic, real;

    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    clock_gettime(CLOCK_REALTIME, &real);
    now->taken_at = (uint64_t)monotonic.tv_sec * 1000000000 + (uint64_t)monotonic.tv_nsec;
    now->taken_at_ms = (uint64_t)real.tv_sec * 1000 + (uint64_t)real.tv_nsec / 1000000;
}

static bool grow(struct stream *stream)
{
    size_t size = stream->size ? stream->size * 2 : FIRST_IDS;
    size_t bytes = (size - stream->size) * sizeof(*stream->ids);
    uint64_t *ids;

    if (!budget_take(stream->budget, bytes))
        return false;
    ids = realloc(stream->ids, size * sizeof(*stream->ids));
    if (!ids) {
        budget_give(stream->budget, bytes);
        return false;
    }
    stream->ids = ids;
    stream->size = size;
    return true;
}

static void swap(uint64_t *a, uint64_t *b)
{
    uint64_t before = *a;

    *a = *b;
    *b = before;
}

static void sift_up(uint64_t *ids, size_t at)
{
    for (; at && ids[(at - 1) / 2] < ids[at]; at = (at - 1) / 2)
        swap(&ids[(at - 1) / 2], &ids[at]);
}

static void sift_down(uint64_t *ids, size_t count)
{
    size_t at = 0, child;

    while ((child = 2 * at + 1) < count) {
        child += child + 1 < count && ids[child] < ids[child + 1];
        if (ids[at] >= ids[child])
            return;
        swap(&ids[at], &ids[child]);
        at = child;
    }
}

/* Keeps the smallest ids, one more than the limit: that there is one shows that there are more. */
static int keep(struct stream *stream, uint64_t id)
{
    if (stream->count > stream->query.limit) {
        if (id < stream->ids[0]) {
            stream->ids[0] = id;
            sift_down(stream->ids, stream->count);
        }
        return 0;
    }
    if (stream->count == stream->size && !grow(stream))
        return -ENOMEM;
    stream->ids[stream->count] = id;
    sift_up(stream->ids, stream->count++);
    return 0;
}

static int choose_one(const struct roster_session *session, const struct roster_shown *view,
                      void *arg)
{
    struct stream *stream = arg;
    struct roster_entry *entry = &stream->entry;
    const struct roster_statement *statement = view->statement;

    stream->sessions++;
    entry->id = roster_session_id(session);
    entry->kind = roster_session_kind(session);
    entry->start_ts = view->start_ts;
    entry->state_since = roster_session_since(session, view);
    entry->txn_state = (enum roster_txn_state)view->txn_state;
    entry->run_state = (enum roster_run_state)view->run_state;
    entry->command = statement ? (enum roster_command)statement->command : ROSTER_COMMAND_SLEEP;
    entry->stmt_seq = statement ? statement->seq : 0;
    entry->stmt_since = statement ? statement->since : 0;
    entry->user = roster_identity_user(view->identity);
    entry->database = roster_identity_database(view->identity);
    if (!rst_rows_match(&stream->now, entry, &stream->query))
        return 0;
    stream->matched++;
    return entry->id > stream->query.after ? keep(stream, entry->id) : 0;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static int choose(struct stream *stream, struct roster *roster)
{
    int err = roster_read_lock(roster);

    if (err)
        return err;
    take_time(&stream->now);
    err = roster_for_each(roster, choose_one, stream);
    roster_read_unlock(roster);
    if (stream->count)
        qsort(stream->ids, stream->count, sizeof(*stream->ids), by_size);
    return err;
}

static void put_rows(struct request *request, const struct roster_snapshot *snapshot)
{
    const struct query *query = &request->stream->query;
    size_t n;

    for (n = 0; n < snapshot->count; n++)
        if (rst_rows_match(snapshot, &snapshot->entries[n], query))
            (query->only_txns ? rst_rows_put_trx : rst_rows_put_process)(
                &request->text, snapshot, &snapshot->entries[n], query);
}

/* The rows of the next few ids; statements in full may be long, so then it is one. */
static int some_rows(struct request *request, size_t most)
{
    struct stream *stream = request->stream;
    size_t count = stream->query.full ? 1 : ROWS_AT_ONCE;
    struct roster_snapshot *snapshot = NULL;
    int err;

    if (count > most - stream->next)
        count = most - stream->next;
    err =
        roster_snapshot_ids(request->status->roster, stream->ids + stream->next, count, &snapshot);
    if (err)
        return err;
    stream->next += count;
    put_rows(request, snapshot);
    roster_snapshot_free(snapshot);
    return 0;
}

int rst_stream_more(struct request *request, bool *end)
{
    struct stream *stream = request->stream;
    struct text *text = &request->text;
    bool more = stream->count > stream->query.limit;
    size_t most = more ? stream->query.limit : stream->count;
    int err = 0;

    *end = stream->done;
    while (!err && !text->length && stream->next < most)
        err = some_rows(request, most);
    if (err || stream->next < most || stream->done)
        return err;
    rst_status_out_close(text, ']');
    if (more)
        rst_status_out_id(text, "next", stream->ids[most - 1]);
    else
        rst_status_out_null(text, "next");
    rst_status_out_close(text, '}');
    stream->done = true;
    return 0;
}

static unsigned get_rows(struct request *request, bool only_txns)
{
    struct text *text = &request->text;
    struct stream *stream;
    struct query query;
    int err;
    unsigned status = rst_status_query_parse(request, QUERY_ROWS, &query);

    if (status)
        return status;
    stream = stream_new(request);
    if (!stream)
        return rst_status_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    stream->query = query;
    stream->query.only_txns = only_txns;
    err = choose(stream, request->status->roster);
    if (err)
        return rst_status_request_fail(
            request, err == -ENOMEM ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR,
            "%s", roster_strerror(err));
    rst_status_out_open(text, NULL, '{');
    rst_status_out_number(text, "taken_at_ms", stream->now.taken_at_ms);
    rst_status_out_number(text, "sessions", stream->sessions);
    rst_status_out_number(text, "matched", stream->matched);
    rst_status_out_open(text, "rows", '[');
    return MHD_HTTP_OK;
}

unsigned rst_status_get_processlist(struct request *request)
{
    return get_rows(request, false);
}

unsigned rst_status_get_trx(struct request *request)
{
    return get_rows(request, true);
}
