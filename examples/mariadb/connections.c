/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "connections.h"

#include <pthread.h>
#include <stddef.h>

#define PARTS 256

/* Ids are counted up, so neighbours are in different parts. */
static struct part {
    pthread_mutex_t lock;
    struct connection *first;
} parts[PARTS] = {[0 ... PARTS - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static struct part *lock_part(uint64_t id)
{
    struct part *part = &parts[id % PARTS];

    pthread_mutex_lock(&part->lock);
    return part;
}

void connections_add(struct connection *connection)
{
    struct part *part = lock_part(connection->id);

    connection->next = part->first;
    part->first = connection;
    pthread_mutex_unlock(&part->lock);
}

/* Where the connection is linked in, or the end of the chain. Under the lock. */
static struct connection **place(struct part *part, uint64_t id)
{
    struct connection **link = &part->first;

    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

struct connection *connections_find(uint64_t id)
{
    struct part *part = lock_part(id);
    struct connection *found = *place(part, id);

    pthread_mutex_unlock(&part->lock);
    return found;
}

struct connection *connections_remove(uint64_t id)
{
    struct part *part = lock_part(id);
    struct connection **link = place(part, id);
    struct connection *found = *link;

    if (found)
        *link = found->next;
    pthread_mutex_unlock(&part->lock);
    return found;
}

struct connection *connections_any(void)
{
    size_t i;

    for (i = 0; i < PARTS; i++) {
        struct part *part = lock_part(i);
        struct connection *found = part->first;

        if (found)
            part->first = found->next;
        pthread_mutex_unlock(&part->lock);
        if (found)
            return found;
    }
    return NULL;
}
