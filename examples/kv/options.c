/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line, as one table. Most of it fills in the option structs of the libraries.
 */
#include "config.h"

#include "server.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define DAY_S UINT64_C(86400)
#define YEAR_S (365 * DAY_S)
#define ID_MAX 128
#define FIRST_KEY 256 /* of argp: no character, so there are no short options */
#define TEXT(member) offsetof(struct options, member), 0, 0, 0
#define NUM(member, min, max, preset)                                                              \
    offsetof(struct options, member) + _Generic(((struct options *)NULL)->member, uint64_t : 0),   \
        min, max, preset
#define MS(...) "MS", NUM(__VA_ARGS__)
#define MS32(member, preset) MS(member, 0, UINT32_MAX, preset)

/* An option: a number from `min` to `max`; or a text when `max` is 0, one of those of `unit` when
 * that is in small letters. */
static const struct known {
    const char *name, *unit;
    size_t offset;
    uint64_t min, max, preset;
    const char *help;
} known[] = {
    {"bind", "ADDRESS", TEXT(bind), "listen on this numeric address (127.0.0.1)"},
    {"port", "PORT", NUM(port, 0, 65535, 6380), "0 lets the kernel choose one (6380)"},
    {"threads", "N", NUM(threads, 1, 256, 0), "that serve clients (one for each processor)"},
    {"max-clients", "N", NUM(max_clients, 1, 1000000, 10000), "refuse further ones (10000)"},
    {"quota", "RULE,...", TEXT(quota),
     "how many a user, database or application may have: user:10 for each user, user=report:5 for "
     "one; user:10/2 keeps 2 of them for administrators"},
    {"max-request", "BYTES", NUM(max_request, KIB, GIB, 16 * MIB), "refuse longer ones (16 MiB)"},
    {"max-reply", "BYTES", NUM(max_reply, KIB, GIB, 64 * MIB), "refuse longer ones (64 MiB)"},
    {"max-txn", "BYTES", NUM(max_txn, KIB, GIB, 64 * MIB), "refuse to write more (64 MiB)"},
    {"max-memory", "BYTES", NUM(max_memory, 0, UINT64_MAX, GIB),
     "refuse writes when versions take so much; 0 for no limit (1 GiB)"},
    {"max-buffers", "BYTES", NUM(max_buffers, 0, UINT64_MAX, GIB),
     "close clients when all have more than this under way; 0 for no limit (1 GiB)"},
    {"write-timeout", "SECONDS", NUM(write_timeout_s, 1, DAY_S, 10),
     "close clients that do not take their replies (10)"},
    {"gc-interval-ms", MS(gc_interval_ms, 1, 60000, 100), "collect that often (100)"},
    {"txn-age-limit", "SECONDS", NUM(txn_age_limit_s, 0, YEAR_S, 3600),
     "stop protecting older transactions; 0 for no limit (3600)"},
    {"store", "STORE", TEXT(store),
     "join the cluster that meets in this store: sqlite:PATH, etcd:URL,URL,... or memory"},
    {"prefix", "/PREFIX", TEXT(syncer.prefix), "of the cluster's keys (/roster)"},
    {"server-id", "ID", TEXT(syncer.server_id), "unique in the cluster (of host and process id)"},
    {"store-user", "NAME", TEXT(meeting.user), "etcd: the user, who needs a password"},
    {"store-password", "FILE", TEXT(password_file), "etcd: its first line is the password"},
    {"store-ca", "FILE", TEXT(meeting.tls_ca_file),
     "etcd: trusted authorities, PEM (the system's)"},
    {"store-cert", "FILE", TEXT(meeting.tls_cert_file), "etcd: this server's certificate, PEM"},
    {"store-key", "FILE", TEXT(meeting.tls_key_file), "etcd: the certificate's key, PEM"},
    {"lease-ttl-ms", MS(lease_ttl_ms, 100, 1000 * DAY_S, 90000),
     "the lease in the store ends so long after the last sign of life (90000)"},
    {"report-interval-ms", MS(report_interval_ms, 10, 1000 * DAY_S, 30000),
     "report the minimum and compute safe points that often (30000)"},
    {"life-time-ms", MS(safe_point.life_time_ms, 0, 1000 * YEAR_S, 600000),
     "the cluster's safe points stay so far behind now (600000)"},
    {"abandoned", "off|warn|pass", TEXT(abandoned),
     "what becomes of who holds the safe points for too long (off)"},
    {"abandoned-ms", MS(safe_point.abandoned_ms, 1, 1000 * YEAR_S, 1000 * DAY_S),
     "how long that is (86400000)"},
    {"status", "ADDRESS", TEXT(endpoint.address), "serve status at 127.0.0.1:PORT or unix:PATH"},
    {"status-old-ms", MS32(endpoint.old_ms, 600000), "what is older is a problem (600000)"},
    {"status-blocked-ms", MS32(endpoint.blocked_ms, 5000), "a longer wait is a problem (5000)"},
    {"activity-ms", MS(activity_ms, 0, 10000, 1000),
     "with --status: look that often at what sessions do; 0: do not (1000)"},
    {"auth", "trust", TEXT(auth), "let clients say which user they are: AUTH user"},
    {"status-token", "FILE", TEXT(token_file), "its first line lets a client kill and drain"},
    {"drain-ms", MS32(drain_ms, 2000), "how long SIGTERM waits for transactions (2000)"},
    {"max-execution-ms", MS32(watchdog.execution_ms, 0), "end commands that run longer"},
    {"idle-timeout-ms", MS32(watchdog.idle_ms, 0), "end clients that do nothing for longer"},
    {"txn-idle-timeout-ms", MS32(watchdog.txn_idle_ms, 0), "end transactions that idle for longer"},
    {"txn-max-age-ms", MS32(watchdog.txn_age_ms, 0), "end transactions that are older"},
    {"history", "N", NUM(history, 0, UINT32_MAX, 0), "long transactions to remember (0)"},
    {"history-min-ms", MS32(history_min_ms, 10000), "of those that last so long (10000)"},
};

enum { KNOWN = sizeof(known) / sizeof(known[0]) };

static void *place(const struct options *options, const struct known *option)
{
    return (char *)(uintptr_t)options + option->offset;
}

static bool is_one_of(const char *text, const char *words)
{
    const char *at = strstr(words, text), *end = at ? at + strlen(text) : NULL;

    return *text && at && (at == words || at[-1] == '|') && (!*end || *end == '|');
}

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
static void set(struct options *options, const struct known *option, char *text,
                struct argp_state *state)
{
    uint64_t *value = place(options, option);
    char *end;

    if (!option->max) {
        if (islower((unsigned char)*option->unit) && !is_one_of(text, option->unit))
            argp_error(state, "--%s takes %s, not \"%s\"", option->name, option->unit, text);
        *(const char **)place(options, option) = text;
        return;
    }
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || *value < option->min ||
        *value > option->max)
        argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                   option->name, option->min, option->max, text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;
    const char *id = options->syncer.server_id;

    if (key >= FIRST_KEY && key < FIRST_KEY + KNOWN)
        set(options, &known[key - FIRST_KEY], arg, state);
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument \"%s\"", arg);
    else if (key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    else if (id && (!*id || strlen(id) > ID_MAX || strchr(id, '/')))
        argp_error(state, "--server-id takes 1 to %d bytes without a slash, not \"%s\"", ID_MAX,
                   id);
    else if (options->activity_ms && options->activity_ms < 10)
        argp_error(state, "--activity-ms takes 0 or at least 10, not %" PRIu64,
                   options->activity_ms);
    return 0;
}

void options_parse(struct options *options, int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    struct argp_option list[KNOWN + 1] = {{0}};
    struct argp argp = {
        .options = list,
        .parser = parse,
        .doc = "An in-memory key-value server with snapshot isolation that speaks the Redis "
               "protocol: an example of what Roster is for.",
    };
    int n;

    for (n = 0; n < KNOWN; n++) {
        list[n] =
            (struct argp_option){known[n].name, FIRST_KEY + n, known[n].unit, 0, known[n].help, 0};
        if (known[n].max)
            *(uint64_t *)place(options, &known[n]) = known[n].preset;
    }
    options->bind = "127.0.0.1";
    options->threads = processors < 1 ? 1 : processors > 256 ? 256 : (uint64_t)processors;
    argp_err_exit_status = 2;
    argp_program_version = roster_version();
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
/* NOLINTEND(concurrency-mt-unsafe) */

void options_each(const struct options *options,
                  void (*fn)(const char *name, const char *value, void *arg), void *arg)
{
    char digits[24];
    const char *text = digits;
    int n;

    for (n = 0; n < KNOWN; n++, text = digits) {
        if (known[n].max)
            snprintf(digits, sizeof(digits), "%" PRIu64, *(uint64_t *)place(options, &known[n]));
        else
            text = *(const char **)place(options, &known[n]);
        if (text)
            fn(known[n].name, text, arg);
    }
}
