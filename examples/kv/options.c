/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line.
 */
#include "config.h"

#include "options.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <roster/version.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* An option that is a number, and where it goes. */
struct number {
    const char *name;
    const char *unit;
    const char *help;
    size_t offset;
    uint64_t min, max, preset;
};

#define NUMBER(member) offsetof(struct options, member)

static const struct number numbers[] = {
    {"port", "PORT", "listen on PORT; 0 lets the kernel choose one (6380)", NUMBER(port), 0, 65535,
     6380},
    {"threads", "N", "serve clients with N threads (one for each processor)", NUMBER(threads), 1,
     256, 0},
    {"max-clients", "N", "refuse further clients when N are connected (10000)", NUMBER(max_clients),
     1, 1000000, 10000},
    {"max-request", "BYTES", "refuse longer requests (16 MiB)", NUMBER(max_request), 1024,
     1024 * MIB, 16 * MIB},
    {"max-reply", "BYTES", "refuse to answer with more (64 MiB)", NUMBER(max_reply), 1024,
     1024 * MIB, 64 * MIB},
    {"max-txn", "BYTES", "refuse to write more in one transaction (64 MiB)", NUMBER(max_txn), 1024,
     1024 * MIB, 64 * MIB},
    {"max-memory", "BYTES", "refuse writes when versions take so much; 0 for no limit (1 GiB)",
     NUMBER(max_memory), 0, UINT64_MAX, 1024 * MIB},
    {"max-buffers", "BYTES",
     "close clients when all have more than this under way; 0 for no limit (1 GiB)",
     NUMBER(max_buffers), 0, UINT64_MAX, 1024 * MIB},
    {"write-timeout", "SECONDS", "close clients that do not take their replies (10)",
     NUMBER(write_timeout_s), 1, 86400, 10},
    {"gc-interval-ms", "MS", "collect old versions that often (100)", NUMBER(gc_interval_ms), 1,
     60000, 100},
    {"txn-age-limit", "SECONDS", "stop protecting older transactions; 0 for no limit (3600)",
     NUMBER(txn_age_limit_s), 0, 31536000, 3600},
    {"lease-ttl-ms", "MS",
     "the lease in the store ends so long after the last sign of life (90000)",
     NUMBER(lease_ttl_ms), 100, 86400000, 90000},
    {"report-interval-ms", "MS", "report the minimum and compute safe points that often (30000)",
     NUMBER(report_interval_ms), 10, 86400000, 30000},
    {"life-time-ms", "MS", "the cluster's safe points stay so far behind now (600000)",
     NUMBER(life_time_ms), 0, 31536000000, 600000},
};

enum { KEY_NUMBER = 256, KEY_BIND = 1024, KEY_STORE, KEY_PREFIX, KEY_SERVER_ID };

/* Options that are texts. */
static const struct argp_option texts[] = {
    {"bind", KEY_BIND, "ADDRESS", 0, "listen on this numeric IPv4 or IPv6 address (127.0.0.1)", 0},
    {"store", KEY_STORE, "STORE", 0,
     "be a member of the cluster that meets in this store: sqlite:PATH, etcd:URL,URL,... or memory",
     0},
    {"prefix", KEY_PREFIX, "/PREFIX", 0, "of the cluster's keys (/roster)", 0},
    {"server-id", KEY_SERVER_ID, "ID", 0,
     "unique in the cluster (made of host name and process id)", 0},
};

enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]), TEXTS = sizeof(texts) / sizeof(texts[0]) };

static uint64_t *place(struct options *options, const struct number *number)
{
    return (uint64_t *)(void *)((char *)options + number->offset);
}

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
static void parse_number(struct options *options, const struct number *number, const char *text,
                         struct argp_state *state)
{
    uint64_t value;
    char *end;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value < number->min || value > number->max)
        argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                   number->name, number->min, number->max, text);
    *place(options, number) = value;
}

static void parse_id(struct options *options, const char *text, struct argp_state *state)
{
    size_t length = strlen(text);

    if (length == 0 || length >= sizeof(options->server_id) || strchr(text, '/'))
        argp_error(state, "--server-id takes 1 to %zu bytes without a slash, not \"%s\"",
                   sizeof(options->server_id) - 1, text);
    memcpy(options->server_id, text, length + 1);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    if (key == ARGP_KEY_INIT)
        state->child_inputs[0] = &options->operate;
    else if (key >= KEY_NUMBER && key < KEY_NUMBER + NUMBERS)
        parse_number(options, &numbers[key - KEY_NUMBER], arg, state);
    else if (key == KEY_BIND)
        options->bind = arg;
    else if (key == KEY_STORE)
        options->store = arg;
    else if (key == KEY_PREFIX)
        options->prefix = arg;
    else if (key == KEY_SERVER_ID)
        parse_id(options, arg, state);
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument \"%s\"", arg);
    else
        return ARGP_ERR_UNKNOWN;
    return 0;
}

static void presets(struct options *options)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int n;

    operate_presets(&options->operate);
    options->bind = "127.0.0.1";
    for (n = 0; n < NUMBERS; n++)
        *place(options, &numbers[n]) = numbers[n].preset;
    options->threads = processors < 1 ? 1 : processors > 256 ? 256 : (uint64_t)processors;
}

void options_parse(struct options *options, int argc, char **argv)
{
    struct argp_option known[NUMBERS + TEXTS + 1] = {{0}};
    const struct argp_child children[] = {{&operate_argp, 0, NULL, 0}, {0}};
    struct argp argp = {
        .options = known,
        .children = children,
        .parser = parse,
        .doc = "An in-memory key-value server with snapshot isolation that speaks the Redis "
               "protocol: an example of what Roster is for.",
    };
    int n;

    for (n = 0; n < NUMBERS; n++) {
        known[n].name = numbers[n].name;
        known[n].key = KEY_NUMBER + n;
        known[n].arg = numbers[n].unit;
        known[n].doc = numbers[n].help;
    }
    memcpy(&known[n], texts, sizeof(texts));
    presets(options);
    argp_err_exit_status = 2;
    argp_program_version = roster_version();
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
/* NOLINTEND(concurrency-mt-unsafe) */
