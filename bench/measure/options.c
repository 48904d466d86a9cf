/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line.
 */
#include "options.h"

#include "arguments.h"
#include "workloads.h"

#include <argp.h>
#include <roster/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXT 1048576
#define MAX_SECONDS 60.0

enum key {
    KEY_NO_PIN = 256,
    KEY_REALTIME,
    KEY_ORACLE,
    KEY_BESIDE,
    KEY_TIME,
    KEY_ORDER,
    KEY_JSON,
    KEY_TEXT,
    KEY_ROUNDS,
    KEY_SECONDS,
    KEY_OPEN,
    KEY_ACTIVE,
    KEY_SESSIONS,
    KEY_THREADS,
};

static const struct argp_option known[] = {
    {"threads", KEY_THREADS, "N", 0, "Worker threads (default: each row's own number)", 0},
    {"sessions", KEY_SESSIONS, "N", 0, "Sessions in all (default: each row's own number)", 0},
    {"active", KEY_ACTIVE, "N", 0, "Sessions that each committer uses, for mixed (1000)", 0},
    {"open", KEY_OPEN, "N", 0, "Open transactions, for scan and list", 0},
    {"seconds", KEY_SECONDS, "S", 0, "Seconds of each measurement (0.3)", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Rounds; medians are reported (5)", 0},
    {"text", KEY_TEXT, "BYTES", 0, "Text of a statement (64)", 0},
    {"oracle", KEY_ORACLE, "KIND", 0,
     "Where timestamps come from: thread (a counter in each thread), shared (one atomic counter) "
     "or clock (the local hybrid clock); default: thread",
     0},
    {"beside", KEY_BESIDE, "LIST", 0,
     "What runs beside the committers of mixed, instead of the rows of the table: any of syncer "
     "(every 10 ms), lister (every 100 ms), lister-flat and scanner-flat (without pause), with "
     "commas between them",
     0},
    {"time", KEY_TIME, "KIND", 0,
     "wall, or cpu: only the processor time of the measured threads, for a machine that is shared",
     0},
    {"order", KEY_ORDER, "KIND", 0,
     "turn, or random: threads visit their sessions, and the floors' records, in random order", 0},
    {"json", KEY_JSON, "FILE", 0, "Write JSON to FILE; -: to standard output, without text", 0},
    {"no-pin", KEY_NO_PIN, NULL, 0, "Do not pin threads to processors", 0},
    {"realtime", KEY_REALTIME, NULL, 0,
     "Run at real-time priority during each measurement, and rest for as long after it; needs "
     "root. On a machine that is shared use short measurements, such as --seconds=0.05 --rounds=41",
     0},
    {0},
};

static const struct {
    const char *name;
    unsigned bit;
} besides[] = {
    {"syncer", BESIDE_SYNCER},
    {"lister", BESIDE_LISTER},
    {"lister-flat", BESIDE_LISTER_FLAT},
    {"scanner-flat", BESIDE_SCANNER_FLAT},
};

static const char *const oracles[] = {
    [ORACLE_THREAD] = "thread",
    [ORACLE_SHARED] = "shared",
    [ORACLE_CLOCK] = "clock",
};

const char *oracle_kind_name(enum oracle_kind kind)
{
    return oracles[kind];
}

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
static enum oracle_kind oracle_of(const char *text, struct argp_state *state)
{
    size_t i;

    for (i = 0; i < sizeof(oracles) / sizeof(*oracles); i++)
        if (!strcmp(text, oracles[i]))
            return (enum oracle_kind)i;
    argp_error(state, "--oracle=%s: give thread, shared or clock", text);
    return ORACLE_THREAD;
}

static unsigned beside_of(const char *text, struct argp_state *state)
{
    unsigned bits = 0;
    const char *at;

    for (at = text;; at++) {
        size_t i, length = strcspn(at, ",");

        for (i = 0; i < sizeof(besides) / sizeof(*besides); i++)
            if (strlen(besides[i].name) == length && !strncmp(at, besides[i].name, length))
                break;
        if (i == sizeof(besides) / sizeof(*besides)) {
            argp_error(state,
                       "--beside=%s: \"%.*s\" is unknown; give syncer, lister, lister-flat or "
                       "scanner-flat, with commas between them",
                       text, (int)length, at);
            return 0;
        }
        bits |= besides[i].bit;
        at += length;
        if (!*at)
            return bits;
    }
}

/* Whether it is the second of two words. */
static bool second_of(const char *name, const char *text, const char *first, const char *second,
                      struct argp_state *state)
{
    if (strcmp(text, first) != 0 && strcmp(text, second) != 0)
        argp_error(state, "--%s=%s: give %s or %s", name, text, first, second);
    return !strcmp(text, second);
}

static unsigned workloads_of(const char *text, struct argp_state *state)
{
    size_t i;

    if (!strcmp(text, "all"))
        return (1u << n_workloads) - 1;
    for (i = 0; i < n_workloads; i++)
        if (!strcmp(text, workloads[i].name))
            return 1u << i;
    argp_error(state, "unknown workload \"%s\"; --help lists them, all runs every one", text);
    return 0;
}

static void check_all(const struct options *options, struct argp_state *state)
{
    if (!options->workloads)
        argp_error(state, "no workload was named; --help lists them, all runs every one");
    if (options->sessions && options->sessions < options->threads)
        argp_error(state, "--sessions=%zu is less than --threads=%zu: each thread needs a session",
                   options->sessions, options->threads);
    if (options->sessions && options->sessions < options->open)
        argp_error(state,
                   "--sessions=%zu is less than --open=%zu: each transaction needs a session",
                   options->sessions, options->open);
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case KEY_THREADS:
        options->threads = argument_count("threads", arg, 1, MAX_THREADS, state);
        break;
    case KEY_SESSIONS:
        options->sessions = argument_count("sessions", arg, 1, MAX_SESSIONS, state);
        break;
    case KEY_ACTIVE:
        options->active = argument_count("active", arg, 1, MAX_SESSIONS, state);
        break;
    case KEY_OPEN:
        options->open = argument_count("open", arg, 1, MAX_SESSIONS, state);
        break;
    case KEY_SECONDS:
        options->seconds = argument_seconds(arg, MAX_SECONDS, state);
        break;
    case KEY_ROUNDS:
        options->rounds = argument_count("rounds", arg, 1, MAX_ROUNDS, state);
        break;
    case KEY_TEXT:
        options->text = argument_count("text", arg, 0, MAX_TEXT, state);
        options->text_given = true;
        break;
    case KEY_ORACLE:
        options->oracle = oracle_of(arg, state);
        break;
    case KEY_BESIDE:
        options->beside = beside_of(arg, state);
        break;
    case KEY_TIME:
        options->cpu_time = second_of("time", arg, "wall", "cpu", state);
        break;
    case KEY_ORDER:
        options->random_order = second_of("order", arg, "turn", "random", state);
        break;
    case KEY_JSON:
        options->json = arg;
        break;
    case KEY_REALTIME:
        options->realtime = true;
        break;
    case KEY_NO_PIN:
        options->pin = false;
        break;
    case ARGP_KEY_ARG:
        options->workloads |= workloads_of(arg, state);
        break;
    case ARGP_KEY_END:
        check_all(options, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void list_workloads(FILE *out)
{
    size_t i;

    fputs("Workloads:\n", out);
    for (i = 0; i < n_workloads; i++)
        fprintf(out, "  %-10s %s\n", workloads[i].name, workloads[i].help);
    fprintf(out, "  %-10s %s\n", "all", "all of these");
}

static char *help(int key, const char *text, void *input)
{
    (void)input;
    return argument_help(key, text, list_workloads);
}

static void print_version(FILE *out, struct argp_state *state)
{
    (void)state;
    fprintf(out, "roster-bench %s\n", roster_version());
}

void options_parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        known,
        take,
        "WORKLOAD...\ncompare [OPTION...]",
        "Measures Roster, and beside each figure the least that the machine needs. The exit status "
        "says whether it could be measured, not how fast it was. \"roster-bench compare\" measures "
        "its peers beside it; see its own --help.\v",
        NULL,
        help,
        NULL};

    *options = (struct options){.rounds = 5, .seconds = 0.3, .pin = true};
    argp_err_exit_status = EXIT_USAGE;
    argp_program_version_hook = print_version;
    argp_parse(&argp, argc, argv, 0, NULL, options);
}
/* NOLINTEND(concurrency-mt-unsafe) */
