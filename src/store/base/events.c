/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/events.h"

#include "store/base/arena.h"

#include <errno.h>
#include <string.h>

int rst_store_event_list_begin(struct store_event_list *list, struct roster_store *store,
                               bool snapshot)
{
    size_t most = store->options.max_result_bytes;

    memset(list, 0, sizeof(*list));
    list->result = rst_store_arena_new(sizeof(*list->result), most);
    list->limit = most / 2;
    list->snapshot = snapshot;
    return list->result ? 0 : -ENOMEM;
}

bool rst_store_event_list_full(struct store_event_list *list, int64_t revision)
{
    if (list->count == 0 || revision == list->last ||
        rst_store_arena_used(list->result) < list->limit)
        return false;
    list->revision = revision - 1;
    return true;
}

int rst_store_event_list_add(struct store_event_list *list, const struct roster_store_kv *kv)
{
    struct roster_store_event *event;

    list->events =
        rst_store_arena_grow(list->result, list->events, list->count, sizeof(list->events[0]));
    if (!list->events)
        return rst_store_arena_error(list->result);
    event = &list->events[list->count++];
    event->type = kv->version == 0 ? ROSTER_STORE_EVENT_DELETE : ROSTER_STORE_EVENT_PUT;
    list->last = kv->mod_revision;
    return rst_store_arena_copy_kv(list->result, kv, &event->kv);
}

int rst_store_event_list_visit(void *list, const struct roster_store_kv *kv)
{
    return rst_store_event_list_add(list, kv);
}

int rst_store_event_list_end(struct store_event_list *list, int err,
                             struct roster_store_watch *watch, struct roster_store_events **events)
{
    bool ready = !err && (list->snapshot || list->count > 0);

    if (ready) {
        list->result->revision = list->revision;
        list->result->snapshot = list->snapshot;
        list->result->events = list->events;
        list->result->count = list->count;
        *events = list->result;
        if (list->snapshot && watch->next != 0)
            store_count(&watch->store->counters.watch_snapshots);
    } else {
        roster_store_free(list->result);
    }
    /* A watch may begin at a future revision. */
    if (!err && (list->snapshot || list->revision >= watch->next))
        watch->next = list->revision + 1;
    return err;
}
