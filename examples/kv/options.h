/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line.
 */
#ifndef KV_OPTIONS_H
#define KV_OPTIONS_H

#include "operate.h"

#include <stdint.h>

struct options {
    struct operate_options operate;
    const char *bind;
    uint64_t port; /* 0: the kernel chooses */
    uint64_t threads;
    uint64_t max_clients;
    uint64_t max_request; /* bytes of one request */
    uint64_t max_reply;   /* bytes of one reply */
    uint64_t max_txn;     /* bytes that one transaction may write */
    uint64_t max_memory;  /* bytes of all versions; 0: no limit */
    uint64_t max_buffers; /* bytes that all clients together have under way; 0: no limit */
    uint64_t write_timeout_s;
    uint64_t gc_interval_ms;
    uint64_t txn_age_limit_s; /* 0: no limit */
    const char *store;        /* where the cluster meets; NULL: a server of its own */
    const char *prefix;
    char server_id[129]; /* empty: chosen on start */
    uint64_t lease_ttl_ms;
    uint64_t report_interval_ms;
    uint64_t life_time_ms;
};

/* Fills `options`; ends the program with a message and status 2 when they make no sense. */
void options_parse(struct options *options, int argc, char **argv);

#endif
