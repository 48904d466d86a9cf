/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A status endpoint in a server's own loop.
 */
#include "must.h"

#include <roster/roster.h>
#include <roster/status.h>

int main(int argc, char **argv)
{
    const char *address = argc > 1 ? argv[1] : "unix:status.sock";
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_status *status;
    struct roster *roster;

    MUST(roster_create(NULL, &roster));
    /* [status] */
    options.address = address; /* from the configuration: "unix:/run/NAME/roster.sock" */
    options.peers = true;      /* root and the server's user may kill */
    options.manual = true;
    MUST(roster_status_start(roster, &options, &status));
    printf("rosterctl -s %s ps\n", roster_status_address(status));
    MUST(roster_status_run_once(status, 0)); /* call from the server's loop */
    roster_status_stop(status);
    /* [status] */
    MUST(roster_destroy(roster));
    return 0;
}
