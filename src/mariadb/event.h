/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What an audit event says.
 */
#ifndef ROSTER_MARIADB_EVENT_H
#define ROSTER_MARIADB_EVENT_H

#include "mariadb/text.h"

#include <roster/roster.h>
#include <stdbool.h>
#include <stdint.h>

struct rst_mdb_event {
    uint64_t id; /* of the connection */
    uint64_t query_id;
    enum roster_command command;
    struct rst_mdb_text statement;
    struct rst_mdb_text database;
    struct rst_mdb_text account; /* "account[user] @ host [address]" */
    unsigned error;              /* with which the statement has ended; 0 for none */
    bool begun;                  /* the server is inside BEGIN or the like */
    bool autocommit;
    bool read_only; /* the transaction was declared so, or the table is only read */
};

#endif /* ROSTER_MARIADB_EVENT_H */
