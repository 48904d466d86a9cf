/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "config.h"

#include <string.h>

#include "cluster/base/logged.h"
#include "core/roster/event_log.h"

void rst_cluster_logged(struct roster *roster, enum roster_logged_kind kind, const char *what,
                        const char *name, int result)
{
    struct roster_logged event = {.kind = kind, .result = result};

    rst_event_log_text(event.what, sizeof(event.what), what, strlen(what));
    rst_event_log_text(event.name, sizeof(event.name), name, strlen(name));
    rst_event_log_add(roster, &event);
}
