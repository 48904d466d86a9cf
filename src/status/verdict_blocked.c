/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Sessions that have waited for another one for too long, and how that ends. See verdict.h.
 */
#include "status/verdict.h"

#include "core/base/count.h"

#include <inttypes.h>
#include <roster/block.h>
#include <roster/list.h>
#include <roster/text.h>
#include <roster/view.h>
#include <stdio.h>
#include <string.h>

static const char *doing(const struct roster_entry *entry)
{
    if (entry->wait_event)
        return entry->wait_event;
    if (entry->command != ROSTER_COMMAND_SLEEP)
        return roster_run_state_name(entry->run_state);
    return entry->start_ts ? "idle in a transaction" : "idle";
}

bool rst_is_killable(const struct roster_entry *entry)
{
    return entry->kind != ROSTER_SESSION_BACKGROUND || entry->flags & ROSTER_SESSION_KILLABLE;
}

bool rst_blocked_name(struct roster *roster, uint64_t id, char *text, size_t size,
                      struct roster_entry *entry)
{
    char room[ROSTER_IDENTITY_MAX + 5 + ROSTER_WALK_TEXT], user[96], does[96];
    const char *name;

    if (roster_look(roster, id, entry, room, sizeof(room))) {
        snprintf(text, size, "session %" PRIu64, id);
        return false;
    }
    name = entry->user ? entry->user : "";
    (void)roster_text_show(name, strlen(name), user, sizeof(user));
    name = doing(entry);
    (void)roster_text_show(name, strlen(name), does, sizeof(does));
    snprintf(text, size, "session %" PRIu64 " (%s%s%s%s)", id, *user ? "user \"" : "", user,
             *user ? "\", " : "", does);
    return true;
}

/* The session that waits for none itself; it may have gone on by now. */
static void name_root(struct roster *roster, const struct roster_blocking *blocking, char *text,
                      size_t size, struct blocked *blocked)
{
    struct roster_entry entry;
    char name[256];
    bool there = rst_blocked_name(roster, blocking->root_blocker, name, sizeof(name), &entry);

    snprintf(text, size, "%s blocks %" PRIu64 " of them", name, blocking->root_waiting);
    if (!there)
        return;
    if (rst_is_killable(&entry) && entry.start_ts)
        snprintf(blocked->command, sizeof(blocked->command),
                 "kill --transaction=%" PRIu64 " %" PRIu64, entry.start_ts, blocking->root_blocker);
    else if (rst_is_killable(&entry))
        snprintf(blocked->command, sizeof(blocked->command), "kill %" PRIu64,
                 blocking->root_blocker);
}

bool rst_blocked_look(struct roster *roster, uint64_t most_ms, struct blocked *blocked)
{
    struct roster_blocking blocking = {.size = sizeof(blocking)};
    char root[320];

    if (roster_blocking(roster, most_ms, &blocking) || !blocking.waiting_long)
        return false;
    snprintf(blocked->command, sizeof(blocked->command), "locks");
    if (!blocking.root_blocker)
        snprintf(root, sizeof(root),
                 "%" PRIu64 " of them wait%s in a circle, or behind too many to follow",
                 blocking.root_waiting, count_verb(blocking.root_waiting));
    else if (blocking.root_is_gone)
        snprintf(root, sizeof(root),
                 "session %" PRIu64 ", which %" PRIu64
                 " of them wait%s for, has closed or ended its transaction: the server has not "
                 "woken %s",
                 blocking.root_blocker, blocking.root_waiting, count_verb(blocking.root_waiting),
                 blocking.root_waiting == 1 ? "it" : "them");
    else
        name_root(roster, &blocking, root, sizeof(root), blocked);
    blocked->since_ms = blocking.root_since / 1000000;
    snprintf(blocked->evidence, sizeof(blocked->evidence),
             "%" PRIu64 " %s waited for another one for more than %" PRIu64 " ms; %s",
             blocking.waiting_long, blocking.waiting_long == 1 ? "session has" : "sessions have",
             most_ms, root);
    return true;
}
