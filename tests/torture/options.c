/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line of the torture programs. ROSTER_TORTURE_SECONDS in the environment stands in for
 * their own default where many tests are run and time is short.
 */
#include "options.h"

#include "core/base/clock.h"
#include "rng.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: %s [OPTION]...\n"
    "  --txns N       end after N transactions\n"
    "  --seconds S    end after S seconds\n"
    "  --minutes M    end after M minutes\n"
    "  --seed N       repeat the choices of a run\n"
    "  --threads N    how many at a time, up to 64\n"
    "  --roles LIST   what they do mostly: o(wner), s(canner), r(eader), k(iller)\n"
    "  --arenas N     how many of the three rosters are used\n"
    "  --delays N     delay N of 65536 passes of a test point\n"
    "  --stall N      seconds that a reader waits for owners\n"
    "  --verbose      tell the progress even when standard error is no terminal\n";

static const struct option names[] = {
    {"txns", required_argument, NULL, 't'},    {"seconds", required_argument, NULL, 's'},
    {"minutes", required_argument, NULL, 'm'}, {"seed", required_argument, NULL, 'r'},
    {"threads", required_argument, NULL, 'n'}, {"arenas", required_argument, NULL, 'a'},
    {"roles", required_argument, NULL, 'o'},

    {"delays", required_argument, NULL, 'd'},  {"stall", required_argument, NULL, 'w'},
    {"verbose", no_argument, NULL, 'v'},       {NULL, 0, NULL, 0},
};

static uint64_t fresh_seed(void)
{
    return mix64(rst_clock_ns(CLOCK_REALTIME) + (uint64_t)getpid());
}

static void set(struct torture_options *options, int name, const char *value, const char *program)
{
    switch (name) {
    case 't':
        options->txns = strtoull(value, NULL, 10);
        options->seconds = 1e9;
        break;
    case 's':
        options->seconds = strtod(value, NULL);
        break;
    case 'm':
        options->seconds = 60 * strtod(value, NULL);
        break;
    case 'r':
        options->seed = strtoull(value, NULL, 10);
        break;
    case 'n':
        options->threads = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'o':
        options->roles = value;
        break;
    case 'a':
        options->arenas = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'd':
        options->delays = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'w':
        options->stall_limit = (unsigned)strtoul(value, NULL, 10);
        break;
    case 'v':
        options->verbose = true;
        break;
    default:
        fprintf(stderr, usage, program);
        exit(99);
    }
}

void options_read(struct torture_options *options, int argc, char **argv)
{
    const char *seconds = getenv("ROSTER_TORTURE_SECONDS");
    int name;

    if (seconds)
        options->seconds = strtod(seconds, NULL);
    options->seed = fresh_seed();
    options->verbose = isatty(STDERR_FILENO);
    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1)
        set(options, name, optarg, argv[0]);
    if (optind < argc || !options->threads || options->threads > MAX_THREADS ||
        options->arenas - 1 >= 3 || !(options->seconds > 0) || !*options->roles ||
        strspn(options->roles, "osrk") != strlen(options->roles)) {
        fprintf(stderr, usage, argv[0]);
        exit(99);
    }
}
