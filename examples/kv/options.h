/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line.
 */
#ifndef KV_OPTIONS_H
#define KV_OPTIONS_H

#include <stdint.h>

/* Texts are NULL and limits are 0 when there is none. */
struct options {
    const char *bind;
    uint64_t port; /* 0: the kernel chooses */
    uint64_t threads;
    uint64_t max_clients;
    uint64_t max_request; /* bytes of one request */
    uint64_t max_reply;   /* bytes of one reply */
    uint64_t max_txn;     /* bytes that one transaction may write */
    uint64_t max_memory;  /* bytes of all versions */
    uint64_t max_buffers; /* bytes that all clients together have under way */
    uint64_t write_timeout_s;
    uint64_t gc_interval_ms;
    uint64_t txn_age_limit_s;

    const char *store; /* where the cluster meets; NULL: a server of its own */
    const char *prefix;
    const char *server_id;                                             /* NULL: chosen on start */
    const char *user, *password_file, *ca_file, *cert_file, *key_file; /* of etcd */
    uint64_t lease_ttl_ms;
    uint64_t report_interval_ms;
    uint64_t life_time_ms;

    const char *status;     /* where the status endpoint listens */
    const char *token_file; /* NULL: only trusted peers of a Unix socket may kill and drain */
    uint64_t drain_ms;      /* how long open work may finish */
    uint64_t max_execution_ms, idle_ms, txn_idle_ms, txn_max_age_ms;
    uint64_t history, history_min_ms;
};

/* Fills `options`; ends the program with a message and status 2 when they make no sense. */
void options_parse(struct options *options, int argc, char **argv);

/* Calls `fn` with each option that is set. */
void options_tell(const struct options *options,
                  void (*fn)(const char *name, const char *value, void *arg), void *arg);

#endif
