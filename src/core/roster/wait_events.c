/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The events that sessions wait for: a table of the process that only grows, so pointers to names
 * in copied lists stay valid after any roster. Written under the lock of the process, read without
 * it.
 */
#include "core/roster/wait_events.h"

#include "core/base/rcu.h"
#include "core/roster/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct event {
    const char *wait_class;
    const char *name;
};

static struct event events[ROSTER_WAIT_EVENTS + 1]; /* the first is none */
static uint32_t count;                              /* atomic */

bool rst_wait_is_event(uint32_t event)
{
    return event - 1 < rst_load_acquire(&count); /* pairs with roster_wait_event_register() */
}

/* Why it is no name: 0, or -errno. */
static int is_refused(const char *name)
{
    size_t n;

    if (!name || !*name)
        return -EINVAL;
    for (n = 0; n <= ROSTER_WAIT_NAME && name[n]; n++)
        if (name[n] < ' ' || name[n] > '~')
            return -EINVAL;
    return n > ROSTER_WAIT_NAME ? -ENAMETOOLONG : 0;
}

/* Under the lock: the event, or 0. */
static uint32_t find(const char *wait_class, const char *name)
{
    uint32_t event;

    for (event = count; event; event--)
        if (!strcmp(events[event].wait_class, wait_class) && !strcmp(events[event].name, name))
            break;
    return event;
}

/* Under the lock. Both names in one piece of memory, which is never freed. */
static int add(const char *wait_class, const char *name, uint32_t *event)
{
    size_t length = strlen(wait_class) + 1;
    char *names;

    if (count == ROSTER_WAIT_EVENTS)
        return -ENOSPC;
    names = malloc(length + strlen(name) + 1);
    if (!names)
        return -ENOMEM;
    memcpy(names, wait_class, length);
    memcpy(names + length, name, strlen(name) + 1);
    events[count + 1].wait_class = names;
    events[count + 1].name = names + length;
    *event = count + 1;
    rst_store_release(&count, count + 1); /* pairs with rst_wait_is_event() */
    return 0;
}

int roster_wait_event_register(const char *wait_class, const char *name, uint32_t *event)
{
    int err = is_refused(wait_class);
    uint32_t found;

    if (!err)
        err = is_refused(name);
    if (!err && !event)
        err = -EINVAL;
    if (!err)
        err = rst_thread_process_init();
    if (err)
        return err;
    rst_thread_process_lock();
    found = find(wait_class, name);
    if (!found)
        err = add(wait_class, name, &found);
    rst_thread_process_unlock();
    if (!err)
        *event = found;
    return err;
}

const char *roster_wait_event_class(uint32_t event)
{
    return rst_wait_is_event(event) ? events[event].wait_class : NULL;
}

const char *roster_wait_event_name(uint32_t event)
{
    return rst_wait_is_event(event) ? events[event].name : NULL;
}
