/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * GET /locks: which sessions wait for which, as trees whose roots wait for none, and the newest
 * deadlocks. The tree with the most sessions comes first. One walk collects the waits; what each
 * session shows is copied afterwards, a few at a time, so it may have gone on since.
 */
#include "status/query.h"

#include <errno.h>
#include <roster/block.h>
#include <stdlib.h>
#include <string.h>

enum seen { NEW, COUNTED, SHOWN };

struct wait {
    uint64_t id, holder;
    uint64_t since;
    enum seen seen;
};

struct waits {
    struct wait *all;
    size_t count, size;
    struct budget *budget;
    int err;
};

/* A session that is to be shown, and how many waits lead from it to its root. */
struct place {
    uint64_t id;
    uint32_t depth;
};

/* A root, and what waits for it, for what waits for it, and so on. */
struct tree {
    uint64_t root;
    size_t size;    /* with the root */
    uint64_t since; /* the longest wait in it */
};

/* A session that waits, and for which one. */
struct link {
    uint64_t id, holder;
};

/* All trees, and room to walk one. */
struct forest {
    struct waits *waits;
    struct tree *trees;
    size_t count;
    size_t size; /* of all trees */
    struct place *stack;
    struct link *links; /* of all that wait, in the order of their ids */
};

static bool grow(struct waits *waits)
{
    size_t size = waits->size ? waits->size * 2 : 64;
    void *all = budget_realloc(waits->budget, waits->all, waits->size * sizeof(*waits->all),
                               size * sizeof(*waits->all));

    if (!all)
        return false;
    waits->all = all;
    waits->size = size;
    return true;
}

static int collect_one(const struct roster_session *session, const struct roster_shown *shown,
                       void *arg)
{
    struct roster_blocked blocked = {.size = sizeof(blocked)};
    struct waits *waits = arg;

    (void)shown;
    if (!roster_session_wait(session, NULL) || roster_session_blocked(session, &blocked))
        return 0;
    if (waits->count == waits->size && !grow(waits))
        return -ENOMEM;
    waits->all[waits->count++] =
        (struct wait){roster_session_id(session), blocked.blocker, blocked.since, NEW};
    return 0;
}

/* Those for one holder together, the longest first. */
static int by_holder(const void *a, const void *b)
{
    const struct wait *x = a, *y = b;

    if (x->holder != y->holder)
        return x->holder < y->holder ? -1 : 1;
    if (x->since != y->since)
        return x->since < y->since ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* The tree that most sessions are in comes first. */
static int by_size(const void *a, const void *b)
{
    const struct tree *x = a, *y = b;

    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    if (x->since != y->since)
        return x->since < y->since ? -1 : 1;
    return x->root < y->root ? -1 : x->root > y->root;
}

/* The first wait for a session; waits->count: there is none. */
static size_t first_for(const struct waits *waits, uint64_t holder)
{
    size_t low = 0, high = waits->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (waits->all[middle].holder < holder)
            low = middle + 1;
        else
            high = middle;
    }
    return low < waits->count && waits->all[low].holder == holder ? low : waits->count;
}

/* What a row has of its session, as in a list of sessions. */
static void choose_columns(struct query *query)
{
    static const char *const names[] = {
        "kind",         "user",       "host",      "db",          "application",
        "command",      "time_ms",    "statement", "transaction", "run_state",
        "wait_class",   "wait_event", "wait_ms",   "blocked_on",  "blocker",
        "root_blocker", "start_ts",   "txn_ms",    "info",        "last",
    };
    size_t n;

    for (n = 0; n < sizeof(names) / sizeof(*names); n++)
        query->columns[query->n_columns++] =
            rst_column_find(LIST_SESSIONS, names[n], strlen(names[n]));
}

/* A holder may have closed. */
static int put_row(struct request *request, const struct query *query, const struct waits *waits,
                   const struct place *place)
{
    struct roster_snapshot *snapshot = NULL;
    size_t first = first_for(waits, place->id), n = first;
    int err = roster_snapshot_ids(request->status->roster, &place->id, 1, &snapshot);

    if (err)
        return err;
    while (n < waits->count && waits->all[n].holder == place->id)
        n++;
    rst_status_out_open(&request->text, NULL, '{');
    rst_status_out_id(&request->text, "id", place->id);
    rst_status_out_number(&request->text, "depth", place->depth);
    rst_status_out_number(&request->text, "blocks", n - first);
    rst_status_out_bool(&request->text, "gone", !snapshot->count);
    if (snapshot->count)
        rst_columns_members(&request->text, query->columns, query->n_columns,
                            &(struct row_of){snapshot, snapshot->entries, NULL}, true);
    rst_status_out_close(&request->text, '}');
    roster_snapshot_free(snapshot);
    return 0;
}

/* Puts what waits for a session onto the stack, the longest wait on top. */
static void push(struct forest *forest, size_t *used, const struct place *place, uint64_t root,
                 enum seen seen)
{
    struct waits *waits = forest->waits;
    size_t first = first_for(waits, place->id), n = first;

    while (n < waits->count && waits->all[n].holder == place->id)
        n++;
    while (n > first) {
        struct wait *wait = &waits->all[--n];

        if (wait->seen < seen && wait->id != root)
            forest->stack[(*used)++] = (struct place){wait->id, place->depth + 1};
        wait->seen = seen;
    }
}

/* Each session waits for one at most, so it is in one tree, once. */
static void count_tree(struct forest *forest, uint64_t root)
{
    size_t first = first_for(forest->waits, root), used = 1;
    struct tree tree = {root, 0, forest->waits->all[first].since};

    forest->stack[0] = (struct place){root, 0};
    while (used) {
        struct place place = forest->stack[--used];

        tree.size++;
        push(forest, &used, &place, root, COUNTED);
        first = first_for(forest->waits, place.id);
        if (first < forest->waits->count && forest->waits->all[first].since < tree.since)
            tree.since = forest->waits->all[first].since;
    }
    forest->trees[forest->count++] = tree;
    forest->size += tree.size;
}

/* Both a wait and a link begin with the id. */
static int by_id(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static const struct link *link_of(const struct forest *forest, uint64_t id)
{
    struct link wanted = {id, 0};

    return bsearch(&wanted, forest->links, forest->waits->count, sizeof(wanted), by_id);
}

/* A member of the circle that the waits from here lead to: where one that goes twice as fast meets
 * the other. */
static uint64_t find_member(const struct forest *forest, uint64_t id)
{
    uint64_t slow = id, fast = id;

    do {
        slow = link_of(forest, slow)->holder;
        fast = link_of(forest, link_of(forest, fast)->holder)->holder;
    } while (slow != fast);
    return slow;
}

/* By id, each once: during the walk a session may have closed, and another one of its id opened. */
static void sort_by_id(struct waits *waits)
{
    size_t n, kept = 0;

    qsort(waits->all, waits->count, sizeof(*waits->all), by_id);
    for (n = 0; n < waits->count; n++)
        if (!kept || waits->all[kept - 1].id != waits->all[n].id)
            waits->all[kept++] = waits->all[n];
    waits->count = kept;
}

/* Trees whose root waits for none; then circles, from one of their members on. */
static void find_trees(struct forest *forest)
{
    struct waits *waits = forest->waits;
    size_t n;

    sort_by_id(waits);
    for (n = 0; n < waits->count; n++)
        forest->links[n] = (struct link){waits->all[n].id, waits->all[n].holder};
    qsort(waits->all, waits->count, sizeof(*waits->all), by_holder);
    for (n = 0; n < waits->count; n++)
        if ((!n || waits->all[n - 1].holder != waits->all[n].holder) &&
            !link_of(forest, waits->all[n].holder))
            count_tree(forest, waits->all[n].holder);
    for (n = 0; n < waits->count; n++)
        if (waits->all[n].seen == NEW)
            count_tree(forest, find_member(forest, waits->all[n].id));
    qsort(forest->trees, forest->count, sizeof(*forest->trees), by_size);
}

/* One tree, its root first, as far as `left` rows go. */
static int put_tree(struct request *request, const struct query *query, struct forest *forest,
                    uint64_t root, uint64_t *left)
{
    size_t used = 1;
    int err = 0;

    forest->stack[0] = (struct place){root, 0};
    while (used && !err && *left) {
        struct place place = forest->stack[--used];

        err = put_row(request, query, forest->waits, &place);
        --*left;
        push(forest, &used, &place, root, SHOWN);
    }
    return err;
}

static void put_deadlock(struct text *text, const struct roster_deadlock *deadlock)
{
    uint32_t n;

    rst_status_out_open(text, NULL, '{');
    rst_status_out_id(text, "number", deadlock->number);
    rst_status_out_number(text, "at_ms", deadlock->at_ms);
    rst_status_out_number(text, "members", deadlock->members);
    rst_status_out_open(text, "waits", '[');
    for (n = 0; n < deadlock->kept; n++) {
        const struct roster_deadlock_member *member = &deadlock->member[n];

        rst_status_out_open(text, NULL, '{');
        rst_status_out_id(text, "id", member->session_id);
        rst_status_out_string(text, "user", member->user);
        rst_status_out_id(text, "start_ts", member->start_ts);
        rst_status_out_string(text, "wait_event", roster_wait_event_name(member->event));
        rst_status_out_number(text, "wait_ms", member->wait_ns / 1000000);
        rst_status_out_string(text, "blocked_on", member->what);
        rst_status_out_bytes(text, "info", member->text, member->text_length);
        rst_status_out_close(text, '}');
    }
    rst_status_out_close(text, ']');
    rst_status_out_close(text, '}');
}

static int put_deadlocks(struct request *request)
{
    struct roster_deadlock_list *list = NULL;
    int err = roster_deadlocks(request->status->roster, &list);
    size_t n;

    if (err)
        return err;
    rst_status_out_number(&request->text, "deadlocks_total", list->total);
    rst_status_out_open(&request->text, "deadlocks", '[');
    for (n = 0; n < list->count; n++)
        put_deadlock(&request->text, &list->deadlocks[n]);
    rst_status_out_close(&request->text, ']');
    roster_deadlock_list_free(list);
    return 0;
}

static int put_trees(struct request *request, const struct query *query, struct forest *forest)
{
    uint64_t limit = query->limit;
    size_t n;
    int err = 0;

    rst_status_out_open(&request->text, NULL, '{');
    rst_status_out_number(&request->text, "waits", forest->waits->count);
    rst_status_out_number(&request->text, "matched", forest->size);
    rst_status_out_open(&request->text, "rows", '[');
    for (n = 0; n < forest->count && !err; n++)
        err = put_tree(request, query, forest, forest->trees[n].root, &limit);
    rst_status_out_close(&request->text, ']');
    if (!err)
        err = put_deadlocks(request);
    rst_status_out_close(&request->text, '}');
    return err;
}

static int put_all(struct request *request, const struct query *query, struct waits *waits)
{
    size_t count = waits->count + 1;
    size_t room = count * (sizeof(struct tree) + sizeof(struct place) + sizeof(struct link));
    struct forest forest = {.waits = waits, .trees = budget_malloc(waits->budget, room)};
    int err;

    if (!forest.trees)
        return -ENOMEM;
    forest.stack = (struct place *)(void *)(forest.trees + count);
    forest.links = (struct link *)(void *)(forest.stack + count);
    if (waits->count)
        find_trees(&forest);
    err = put_trees(request, query, &forest);
    free(forest.trees);
    budget_give(waits->budget, room);
    return err;
}

unsigned rst_status_get_locks(struct request *request, struct query *query)
{
    struct waits waits = {.budget = request->text.budget};
    struct roster *roster = request->status->roster;
    int err = roster_read_lock(roster);

    choose_columns(query);
    if (!err) {
        err = roster_for_each(roster, collect_one, &waits);
        roster_read_unlock(roster);
    }
    if (!err)
        err = put_all(request, query, &waits);
    budget_give(waits.budget, waits.size * sizeof(*waits.all));
    free(waits.all);
    return err ? rst_status_request_error(request, err) : MHD_HTTP_OK;
}
