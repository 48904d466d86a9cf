/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Lists of sessions, of transactions and of what holds the minimum, made while the client reads
 * them.
 *
 * When a list is asked for, one walk chooses the ids that come first in its order, at most `limit`
 * of them: that is what a slow reader keeps in memory, beside the buffer that is on its way. The
 * rows are copied a few at a time when the client has taken the ones before, each in a short
 * section of its own, so that a reader never holds up reclamation either. So each row is of one
 * instant, different rows are not of the same one, and a session that has ended or changed since is
 * left out; one that is there and fits all the time appears once, since ids are chosen once and in
 * order.
 *
 * A holder is no session's: pins have no id by which they could be found again. So of these all
 * that a holder says itself is kept instead of an id, and its session is looked at as above.
 */
#include "status/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_AT_ONCE 8

struct stream {
    struct roster *roster;
    struct query query;
    struct best best;
    /* Once they are chosen, in order: one of these. */
    const uint64_t *ids;
    const struct roster_holder *holders;
    size_t count, next;
    uint64_t seen, matched; /* of sessions, or of holders */
    bool done;
    struct roster_snapshot now; /* only its times */
    struct roster_entry entry;  /* only what rst_rows_look() fills */
};

void rst_stream_free(struct request *request)
{
    struct stream *stream = request->stream;

    if (!stream)
        return;
    rst_best_free(&stream->best);
    budget_give(stream->best.budget, sizeof(*stream));
    free(stream);
    request->stream = NULL;
}

static struct stream *stream_new(struct request *request)
{
    struct budget *budget = request->text.budget;
    struct stream *stream = budget_malloc(budget, sizeof(*stream));

    if (!stream)
        return NULL;
    memset(stream, 0, sizeof(*stream));
    stream->best.budget = budget;
    request->stream = stream;
    return stream;
}

/* Room for the last statement of a session that is looked at. */
struct last {
    struct roster_statement statement;
    char text[ROSTER_WALK_TEXT];
};

static void look(struct stream *stream, const struct roster_session *session,
                 const struct roster_shown *view, struct last *last)
{
    rst_rows_look(&stream->entry, session, view, &stream->query);
    if (stream->query.search && roster_session_last_statement(session, view, &last->statement,
                                                              last->text, sizeof(last->text)))
        stream->entry.last_text = last->statement.text;
}

static int choose_one(const struct roster_session *session, const struct roster_shown *view,
                      void *arg)
{
    struct stream *stream = arg;
    struct candidate candidate;
    struct last last;

    stream->seen++;
    look(stream, session, view, &last);
    if (!rst_rows_match(&stream->now, &stream->entry, &stream->query))
        return 0;
    stream->matched++;
    if (stream->entry.id <= stream->query.after)
        return 0;
    candidate = rst_rows_candidate(&stream->now, &stream->entry, &stream->query);
    return rst_best_keep(&stream->best, &candidate, NULL);
}

/* The row's session as one whose transaction is what is held. */
static void enter_holder(struct roster_entry *entry, const struct roster_holder *holder)
{
    entry->id = holder->session_id;
    entry->start_ts = holder->ts;
    entry->txn_since = holder->since;
    entry->txn_state = ROSTER_TXN_VALID;
    if (holder->session_id)
        entry->kind = holder->session_kind;
}

static bool asks_of_session(const struct query *query)
{
    return query->kind || query->command || query->state;
}

static bool is_wanted(const struct roster_holder *holder, const struct query *query)
{
    if (query->pin_kind < 0)
        return true;
    if (holder->kind == ROSTER_HOLDER_TXN)
        return query->pin_kind == 0;
    return query->pin_kind == PIN_ANY || query->pin_kind == (int)holder->pin_kind;
}

/* Of a pin without a session, and of one whose session has closed, nothing else is known: then no
 * filter that asks for something of a session lets it through. */
static int choose_holder(const struct roster_holder *holder, void *arg)
{
    struct stream *stream = arg;
    const struct roster_session *session = roster_lookup(stream->roster, holder->session_id);
    struct candidate candidate;
    struct roster_copy copy;
    char room[ROSTER_WALK_TEXT];
    struct last last;

    stream->seen++;
    memset(&stream->entry, 0, sizeof(stream->entry));
    if (session)
        look(stream, session, roster_session_look(session, &copy, room, sizeof(room)), &last);
    enter_holder(&stream->entry, holder);
    if (!is_wanted(holder, &stream->query) || (!session && asks_of_session(&stream->query)) ||
        !rst_rows_match(&stream->now, &stream->entry, &stream->query))
        return 0;
    stream->matched++;
    candidate = rst_rows_candidate(&stream->now, &stream->entry, &stream->query);
    if (holder->pin_id)
        candidate.id = holder->pin_id;
    return rst_best_keep(&stream->best, &candidate, holder);
}

/* One more than the limit: that there is one shows that there are more. */
static int choose(struct stream *stream, struct roster *roster)
{
    int err = roster_read_lock(roster);

    if (err)
        return err;
    stream->now.taken_at = rst_monotonic_ns();
    stream->now.taken_at_ms = rst_wall_ms();
    stream->best.most = stream->query.limit + 1;
    stream->best.backwards = stream->query.backwards;
    if (stream->query.list == LIST_HOLDERS) {
        stream->best.payload = sizeof(struct roster_holder);
        err = roster_for_each_holder(roster, choose_holder, stream);
        stream->holders = rst_best_take(&stream->best);
    } else {
        err = roster_for_each(roster, choose_one, stream);
        stream->ids = rst_best_take(&stream->best);
    }
    roster_read_unlock(roster);
    stream->count = stream->best.count;
    return err;
}

static void put_rows(struct request *request, const struct roster_snapshot *snapshot)
{
    const struct query *query = &request->stream->query;
    size_t n;

    for (n = 0; n < snapshot->count; n++)
        if (rst_rows_match(snapshot, &snapshot->entries[n], query))
            rst_columns_put(&request->text, query->list, query->columns, query->n_columns,
                            &(struct row_of){snapshot, &snapshot->entries[n], NULL}, query->full);
}

/* Whether the transaction has ended since it was chosen; of a pin it cannot be known. One that was
 * pending has its timestamp by now. */
static bool has_ended(struct roster_holder *holder, const struct roster_entry *entry)
{
    if (holder->kind != ROSTER_HOLDER_TXN || entry->txn_state == ROSTER_TXN_PENDING)
        return false;
    if (entry->txn_state == ROSTER_TXN_INVALID || entry->txn_since != holder->since ||
        entry->start_ts < holder->ts)
        return true;
    holder->ts = entry->start_ts;
    return false;
}

static void put_holder(struct request *request, const struct roster_snapshot *snapshot,
                       struct roster_holder holder)
{
    const struct query *query = &request->stream->query;
    struct roster_entry entry;

    memset(&entry, 0, sizeof(entry));
    if (snapshot->count)
        entry = snapshot->entries[0];
    if (has_ended(&holder, &entry))
        return;
    enter_holder(&entry, &holder);
    if ((snapshot->count || !asks_of_session(query)) && rst_rows_match(snapshot, &entry, query))
        rst_columns_put(&request->text, query->list, query->columns, query->n_columns,
                        &(struct row_of){snapshot, &entry, &holder}, query->full);
}

static int next_holder(struct request *request)
{
    const struct roster_holder *holder = &request->stream->holders[request->stream->next];
    struct roster_snapshot *snapshot = NULL;
    int err = roster_snapshot_ids(request->status->roster, &holder->session_id, 1, &snapshot);

    if (err)
        return err;
    request->stream->next++;
    put_holder(request, snapshot, *holder);
    roster_snapshot_free(snapshot);
    return 0;
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
        err = stream->holders ? next_holder(request) : some_rows(request, most);
    if (err || stream->next < most || stream->done)
        return err;
    rst_status_out_close(text, ']');
    if (more && stream->ids && !stream->query.backwards && stream->query.order == ORDER_ID)
        rst_status_out_id(text, "next", stream->ids[most - 1]);
    else
        rst_status_out_null(text, "next");
    rst_status_out_close(text, '}');
    stream->done = true;
    return 0;
}

unsigned rst_status_get_rows(struct request *request, struct query *query)
{
    struct text *text = &request->text;
    struct stream *stream = stream_new(request);
    int err;

    if (!stream)
        return rst_status_request_error(request, -ENOMEM);
    stream->query = *query;
    stream->roster = request->status->roster;
    err = choose(stream, request->status->roster);
    if (err)
        return rst_status_request_error(request, err);
    rst_status_out_open(text, NULL, '{');
    rst_status_out_number(text, "taken_at_ms", stream->now.taken_at_ms);
    rst_status_out_number(text, query->list == LIST_HOLDERS ? "holders" : "sessions", stream->seen);
    rst_status_out_number(text, "matched", stream->matched);
    rst_status_out_open(text, "rows", '[');
    return MHD_HTTP_OK;
}
