/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "cluster/base/failing.h"

#include "core/roster/event_log.h"

#include <string.h>

void rst_failing_note(struct roster_failing *failing, int err, int64_t now_ns,
                      uint64_t errors[ROSTER_ERROR_CLASSES_ROOM])
{
    if (!err) {
        memset(failing, 0, sizeof(*failing));
        return;
    }
    if (failing->error == 0)
        failing->since_ns = now_ns;
    failing->error = err;
    failing->last_ns = now_ns;
    failing->times++;
    errors[roster_error_class(err)]++;
}

const struct roster_failing *rst_failing_newer(const struct roster_failing *a,
                                               const struct roster_failing *b)
{
    if (a->error == 0 || b->error == 0)
        return a->error == 0 ? b : a;
    return a->last_ns >= b->last_ns ? a : b;
}

static void log_event(struct roster *roster, struct roster_logged *event, const char *what,
                      const char *name)
{
    rst_event_log_text(event->what, sizeof(event->what), what, strlen(what));
    rst_event_log_text(event->name, sizeof(event->name), name, strlen(name));
    rst_event_log_add(roster, event);
}

void rst_cluster_logged(struct roster *roster, enum roster_logged_kind kind, const char *what,
                        const char *name, int result)
{
    struct roster_logged event = {.kind = kind, .result = result};

    log_event(roster, &event, what, name);
}

void rst_cluster_abandoned(struct roster *roster, const char *what, const char *name,
                           const char *text)
{
    struct roster_logged event = {.kind = ROSTER_LOGGED_ABANDONED};

    rst_event_log_text(event.text, sizeof(event.text), text, strlen(text));
    log_event(roster, &event, what, name);
}
