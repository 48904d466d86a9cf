/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line of roster-bench compare.
 */
#include "asked.h"

#include "../measure/arguments.h"
#include "../measure/options.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SECONDS 10.0

enum key {
    KEY_FULL = 256,
    KEY_WORK,
    KEY_ENGINES,
    KEY_SESSIONS,
    KEY_THREADS,
    KEY_OPEN,
    KEY_ROUNDS,
    KEY_SECONDS,
    KEY_REALTIME,
    KEY_NO_CHARTS,
    KEY_DIR,
    KEY_LABEL,
};

static const struct argp_option known[] = {
    {"full", KEY_FULL, NULL, 0,
     "All threads, sizes and shares of open transactions, instead of what the criteria need", 0},
    {"work", KEY_WORK, "LIST", 0, "Only these works, with commas between them", 0},
    {"engines", KEY_ENGINES, "LIST", 0, "Only these engines; roster is always among them", 0},
    {"sessions", KEY_SESSIONS, "N", 0, "Each work once, with N sessions", 0},
    {"threads", KEY_THREADS, "N", 0, "... and threads (1)", 0},
    {"open", KEY_OPEN, "N", 0, "... and open transactions (0)", 0},
    {"rounds", KEY_ROUNDS, "N", 0, "Rounds; medians are reported (5)", 0},
    {"seconds", KEY_SECONDS, "S", 0, "Seconds of each sample (0.1)", 0},
    {"realtime", KEY_REALTIME, NULL, 0,
     "Run at real-time priority during each sample that has no more threads than there are "
     "processors, and rest for as long after it; needs root",
     0},
    {"no-charts", KEY_NO_CHARTS, NULL, 0, "Draw no charts", 0},
    {"dir", KEY_DIR, "DIRECTORY", 0,
     "Where compare.csv, compare.json and charts go (roster-compare); an interrupted run goes on "
     "there",
     0},
    {"label", KEY_LABEL, "TEXT", 0, "What is measured, for instance a commit; for the report", 0},
    {0},
};

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
static unsigned works_of(const char *list, struct argp_state *state)
{
    unsigned bits = 0;

    for (;;) {
        size_t i, length = strcspn(list, ",");

        for (i = 0; i < N_WORKS; i++)
            if (strlen(works[i].name) == length && !strncmp(works[i].name, list, length))
                break;
        if (i == N_WORKS) {
            argp_error(state, "--work: \"%.*s\" is unknown; --help lists the works", (int)length,
                       list);
            return 0;
        }
        bits |= 1u << i;
        list += length;
        if (!*list++)
            return bits;
    }
}

static void choose(struct asked *asked, const struct engine *engine)
{
    size_t i;

    for (i = 0; i < asked->n_chosen; i++)
        if (asked->chosen[i] == engine)
            return;
    if (asked->n_chosen < MAX_CHOSEN)
        asked->chosen[asked->n_chosen++] = engine;
}

static void engines_of(struct asked *asked, const char *list, struct argp_state *state)
{
    asked->n_chosen = 0;
    choose(asked, &engine_roster);
    for (;;) {
        size_t length = strcspn(list, ",");
        const struct engine *engine = engine_find(list, length);

        if (!engine) {
            argp_error(state, "--engines: this build has no \"%.*s\"; --help lists them",
                       (int)length, list);
            return;
        }
        choose(asked, engine);
        list += length;
        if (!*list++)
            return;
    }
}

static error_t take(int key, char *arg, struct argp_state *state)
{
    struct asked *asked = state->input;

    switch (key) {
    case KEY_FULL:
        asked->plan = plan_full;
        asked->n_plan = plan_full_n;
        break;
    case KEY_WORK:
        asked->works = works_of(arg, state);
        break;
    case KEY_ENGINES:
        engines_of(asked, arg, state);
        break;
    case KEY_SESSIONS:
        asked->own.sessions = argument_count("sessions", arg, 1, MAX_SESSIONS, state);
        break;
    case KEY_THREADS:
        asked->own.threads = argument_count("threads", arg, 1, MAX_THREADS, state);
        break;
    case KEY_OPEN:
        asked->own.open = argument_count("open", arg, 0, MAX_SESSIONS, state);
        break;
    case KEY_ROUNDS:
        asked->rounds = argument_count("rounds", arg, 1, MAX_ROUNDS, state);
        break;
    case KEY_SECONDS:
        asked->seconds = argument_seconds(arg, MAX_SECONDS, state);
        break;
    case KEY_REALTIME:
        asked->realtime = true;
        break;
    case KEY_NO_CHARTS:
        asked->charts = false;
        break;
    case KEY_DIR:
        asked->directory = arg;
        break;
    case KEY_LABEL:
        asked->label = arg;
        break;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\": compare takes options alone", arg);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void list_works(FILE *out)
{
    size_t i;

    fputs("Works:\n", out);
    for (i = 0; i < N_WORKS; i++)
        fprintf(out, "  %-12s %s\n", works[i].name, works[i].what);
    fputs("Engines of this build:\n", out);
    for (i = 0; i < n_engines; i++)
        fprintf(out, "  %-12s %s\n", engines[i]->name, engines[i]->title);
}

static char *help(int key, const char *text, void *input)
{
    (void)input;
    return argument_help(key, text, list_works);
}

/* One table for each work, of the sizes that were given. */
static void plan_own(struct asked *asked)
{
    static struct table own[N_WORKS];
    size_t i;

    for (i = 0; i < N_WORKS; i++) {
        own[i] = asked->own;
        own[i].work = (enum work)i;
    }
    asked->plan = own;
    asked->n_plan = N_WORKS;
}

void asked_parse(struct asked *asked, int argc, char **argv)
{
    static const struct argp argp = {
        known,
        take,
        NULL,
        "Measures Roster and what others do in its place, side by side in interleaved rounds. The "
        "exit status says whether it could be measured, not who was ahead.\v",
        NULL,
        help,
        NULL};
    size_t i;

    *asked = (struct asked){.plan = plan_short,
                            .n_plan = plan_short_n,
                            .own = {.threads = 1},
                            .rounds = 5,
                            .seconds = 0.1,
                            .charts = true,
                            .directory = "roster-compare",
                            .label = ""};
    for (i = 0; i < n_engines; i++)
        choose(asked, engines[i]);
    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, asked);
    if (asked->own.sessions &&
        (asked->own.sessions < asked->own.threads || asked->own.sessions <= asked->own.open)) {
        fprintf(stderr, "%s: each thread needs a session, and one that has no transaction\n",
                argv[0]);
        exit(EXIT_USAGE);
    }
    if (asked->own.sessions)
        plan_own(asked);
}
/* NOLINTEND(concurrency-mt-unsafe) */
