/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A status endpoint in a server's own loop.
 */
#include "must.h"

#include <roster/roster.h>
#include <roster/status.h>

int main(void)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status;
    struct roster *roster;

    MUST(roster_create(NULL, &roster));
    /* [status] */
    options.manual = 1;
    MUST(roster_status_start(roster, &options, &status));
    printf("http://%s/\n", roster_status_address(status));
    MUST(roster_status_run_once(status, 0)); /* from the loop, again and again */
    roster_status_stop(status);
    /* [status] */
    MUST(roster_destroy(roster));
    return 0;
}
