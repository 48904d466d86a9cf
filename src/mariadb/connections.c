/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "mariadb/connections.h"

#include <errno.h>
#include <stddef.h>

#define PARTS 256

/* Ids are counted up, so neighbours are in different parts. */
static struct part {
    pthread_mutex_t lock;
    struct rst_mdb_connection *first;
} parts[PARTS] = {[0 ... PARTS - 1] = {.lock = PTHREAD_MUTEX_INITIALIZER}};

static struct part *lock_part(uint64_t id)
{
    struct part *part = &parts[id % PARTS];

    pthread_mutex_lock(&part->lock);
    return part;
}

/* Where the connection is linked in, or the end of the chain. Under the lock. */
static struct rst_mdb_connection **place(struct part *part, uint64_t id)
{
    struct rst_mdb_connection **link = &part->first;

    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

int rst_mdb_add(struct rst_mdb_connection *connection)
{
    struct part *part = lock_part(connection->id);
    struct rst_mdb_connection **link = place(part, connection->id);
    int err = *link ? -EEXIST : 0;

    if (!err) {
        connection->next = NULL;
        *link = connection;
    }
    pthread_mutex_unlock(&part->lock);
    return err;
}

struct rst_mdb_connection *rst_mdb_enter(uint64_t id)
{
    struct rst_mdb_connection *found;
    struct part *part;

    /* The server has events for the killer's own KILL as well, without an id: the killer is inside
     * a gate then, for which a thread may wait that has the part's lock. */
    if (!id)
        return NULL;
    part = lock_part(id);
    found = *place(part, id);
    /* Under the part's lock, or it could be freed before. While a killer is inside, which takes as
     * long as a KILL, only its own thread and connections of this part wait. */
    if (found)
        pthread_mutex_lock(&found->gate);
    pthread_mutex_unlock(&part->lock);
    return found;
}

void rst_mdb_leave(struct rst_mdb_connection *connection)
{
    pthread_mutex_unlock(&connection->gate);
}

/* The removed one is found by no other thread; who found it before is inside its gate. */
static struct rst_mdb_connection *out(struct part *part, struct rst_mdb_connection **link)
{
    struct rst_mdb_connection *found = *link;

    if (found)
        *link = found->next;
    pthread_mutex_unlock(&part->lock);
    if (found) {
        pthread_mutex_lock(&found->gate);
        pthread_mutex_unlock(&found->gate);
    }
    return found;
}

struct rst_mdb_connection *rst_mdb_remove(uint64_t id)
{
    struct part *part = lock_part(id);

    return out(part, place(part, id));
}

struct rst_mdb_connection *rst_mdb_remove_any(void)
{
    struct rst_mdb_connection *found = NULL;
    uint64_t n;

    for (n = 0; n < PARTS && !found; n++) {
        struct part *part = lock_part(n);

        found = out(part, &part->first);
    }
    return found;
}
