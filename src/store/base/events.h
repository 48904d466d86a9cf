/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What a watch is about to tell. */
#pragma once

#include "store/base/kind.h"

struct store_event_list {
    struct roster_store_events *result;
    struct roster_store_event *events;
    size_t count;
    size_t limit;     /* bytes after which no further revision is begun */
    int64_t last;     /* revision of the last event */
    int64_t revision; /* everything up to here is in the list; the maker sets it at the end */
    bool snapshot;
};

int rst_store_event_list_begin(struct store_event_list *list, struct roster_store *store,
                               bool snapshot);

/*
 * Whether the list is long enough to be delivered without the changes of this revision. If it is,
 * `revision` is set to the one before.
 */
bool rst_store_event_list_full(struct store_event_list *list, int64_t revision);

/* Adds a key that was put or, with version 0, deleted. */
int rst_store_event_list_add(struct store_event_list *list, const struct roster_store_kv *kv);

/* The same as a visitor of a walk, see base/eval.h. */
int rst_store_event_list_visit(void *list, const struct roster_store_kv *kv);

/*
 * Ends the list, which failed if err says so: hands it out when there is something to tell,
 * and moves the watch on. Returns err.
 */
int rst_store_event_list_end(struct store_event_list *list, int err,
                             struct roster_store_watch *watch, struct roster_store_events **events);
