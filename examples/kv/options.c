/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line. Most of it fills in the option structs of the libraries.
 */
#include "server.h"

#include <string.h>

#define ID_MAX 128

const struct option_row option_rows[] = {
    {"bind", "ADDRESS", TEXT(front.bind), "listen on this numeric address (127.0.0.1)"},
    {"port", "PORT", NUM(front.port, 0, 65535, 6380), "0 lets the kernel choose one (6380)"},
    {"threads", "N", NUM(front.threads, 1, 256, 0),
     "threads that serve clients (one for each processor)"},
    {"max-clients", "N", NUM(front.max_clients, 1, 1000000, 10000),
     "refuse clients beyond this number (10000)"},
    {"quota", "RULE,...", TEXT(quota),
     "how many a user, database or application may have: user:10 for each user, user=report:5 for "
     "one; user:10/2 keeps 2 of them for administrators"},
    {"max-request", BYTES(front.max_request, KIB, GIB, 16 * MIB),
     "refuse longer requests (16 MiB)"},
    {"max-reply", BYTES(max_reply, KIB, GIB, 64 * MIB), "refuse longer replies (64 MiB)"},
    {"max-txn", BYTES(max_txn, KIB, GIB, 64 * MIB), "refuse larger transactions (64 MiB)"},
    {"max-memory", BYTES(max_memory, 0, UINT64_MAX, GIB),
     "memory for versions; 0: no limit (1 GiB)"},
    {"max-buffers", BYTES(front.max_buffers, 0, UINT64_MAX, GIB),
     "close clients when the buffers of all exceed this; 0: no limit (1 GiB)"},
    {"write-timeout", SECONDS(front.write_timeout_s, 1, DAY_S, 10),
     "for a client to take its replies (10)"},
    {"gc-interval-ms", MS(gc_interval_ms, 1, 60000, 100),
     "between two collections of old versions (100)"},
    {"txn-age-limit", SECONDS(txn_age_limit_s, 0, YEAR_S, 3600),
     "stop protecting older transactions; 0: no limit (3600)"},
    {"store", "STORE", TEXT(store),
     "join the cluster of this store: sqlite:PATH, etcd:URL,URL,... or memory"},
    {"prefix", "/PREFIX", TEXT(syncer.prefix), "of the cluster's keys (/roster)"},
    {"server-id", "ID", TEXT(syncer.server_id), "unique in the cluster (of host and process id)"},
    {"store-user", "NAME", TEXT(meeting.user), "etcd: the user; needs a password"},
    {"store-password", "FILE", TEXT(password_file), "etcd: its first line is the password"},
    {"store-ca", "FILE", TEXT(meeting.tls_ca_file), "etcd: trusted authorities, PEM (system's)"},
    {"store-cert", "FILE", TEXT(meeting.tls_cert_file), "etcd: this server's certificate, PEM"},
    {"store-key", "FILE", TEXT(meeting.tls_key_file), "etcd: the certificate's key, PEM"},
    {"lease-ttl-ms", MS(lease_ttl_ms, 100, 1000 * DAY_S, 90000),
     "time to live of the lease, from the last keep-alive (90000)"},
    {"report-interval-ms", MS(report_interval_ms, 10, 1000 * DAY_S, 30000),
     "between two reports of the minimum, and two rounds of safe points (30000)"},
    {"life-time-ms", MS(safe_point.life_time_ms, 0, 1000 * YEAR_S, 600000),
     "how far the cluster's safe points stay behind the clock (600000)"},
    {"abandoned", "off|warn|pass", TEXT(abandoned),
     "what to do about a barrier or server that holds the safe points for too long (off)"},
    {"abandoned-ms", MS(safe_point.abandoned_ms, 1, 1000 * YEAR_S, 1000 * DAY_S),
     "how long is too long (86400000)"},
    {"status", "ADDRESS", TEXT(endpoint.address), "serve status at 127.0.0.1:PORT or unix:PATH"},
    {"status-old-ms", MS32(endpoint.old_ms, 600000),
     "the verdict: an older minimum is a problem (600000)"},
    {"status-blocked-ms", MS32(endpoint.blocked_ms, 5000),
     "the verdict: a longer wait is a problem (5000)"},
    {"status-stuck-ms", MS32(endpoint.stuck_ms, 10000),
     "the verdict: a kill without effect for longer is a problem (10000)"},
    {"activity-ms", MS(activity_ms, 0, 10000, 1000),
     "with --status: between two samples of what sessions do; 0: none (1000)"},
    {"auth", "trust", TEXT(auth), "let clients say which user they are: AUTH user"},
    {"status-token", "FILE", TEXT(token_file), "its first line lets a client kill and drain"},
    {"metrics", "ADDRESS", TEXT(endpoint.metrics_address),
     "with --status: serve GET /metrics alone at IPV4:PORT or [IPV6]:PORT, to other machines"},
    {"metrics-token", "FILE", TEXT(metrics_token_file), "its first line is needed to read them"},
    {"metrics-cert", "FILE", TEXT(metrics_cert_file), "speak TLS there: the certificate, PEM"},
    {"metrics-key", "FILE", TEXT(metrics_key_file), "the certificate's key, PEM"},
    {"drain-ms", MS32(drain_ms, 2000), "how long SIGTERM waits for transactions (2000)"},
    {"max-execution-ms", MS32(watchdog.execution_ms, 0), "end commands that run longer"},
    {"idle-timeout-ms", MS32(watchdog.idle_ms, 0), "end clients that are idle for longer"},
    {"txn-idle-timeout-ms", MS32(watchdog.txn_idle_ms, 0),
     "end transactions that are idle for longer"},
    {"txn-max-age-ms", MS32(watchdog.txn_age_ms, 0), "end transactions that are older"},
    {"history", "N", NUM(history, 0, UINT32_MAX, 0), "kinds of long transactions to remember (0)"},
    {"history-min-ms", MS32(history_min_ms, 10000), "how long a long transaction lasts (10000)"},
    {NULL, NULL, 0, 0, 0, 0, NULL},
};

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
void options_check(const struct options *options, struct argp_state *state)
{
    const char *id = options->syncer.server_id;

    if (id && (!*id || strlen(id) > ID_MAX || strchr(id, '/')))
        argp_error(state, "--server-id takes 1 to %d bytes without a slash, not \"%s\"", ID_MAX,
                   id);
    else if (options->endpoint.metrics_address && !options->endpoint.address)
        argp_error(state, "--metrics needs --status");
    else if (options->endpoint.metrics_address && !options->metrics_token_file)
        argp_error(state, "--metrics needs --metrics-token=FILE");
    else if (!options->endpoint.metrics_address &&
             (options->metrics_token_file || options->metrics_cert_file ||
              options->metrics_key_file))
        argp_error(state, "--metrics-token, --metrics-cert and --metrics-key need --metrics");
    else if (!options->metrics_cert_file != !options->metrics_key_file)
        argp_error(state, "--metrics-cert and --metrics-key need each other");
    else if (options->activity_ms && options->activity_ms < 10)
        argp_error(state, "--activity-ms takes 0 or at least 10, not %" PRIu64,
                   options->activity_ms);
}
/* NOLINTEND(concurrency-mt-unsafe) */
