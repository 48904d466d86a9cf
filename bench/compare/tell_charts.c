/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report as charts: one script for gnuplot each, with its data in it, drawn as SVG and PNG.
 */
#include "tell.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum axis {
    AXIS_THREADS,
    AXIS_SESSIONS,
    AXIS_OPEN,
};

/* The points are the tables of the plan that agree with it in everything but the axis. */
struct chart {
    const char *name;
    const char *title;
    enum work work;
    enum axis axis;
    size_t threads;
    size_t sessions;
    bool tenth_open;
};

static const struct chart charts[] = {
    {"publish-threads", "Begin and end a transaction, 10 000 sessions", WORK_PUBLISH, AXIS_THREADS,
     0, 10000, false},
    {"publish-sessions", "Begin and end a transaction, 1 thread", WORK_PUBLISH, AXIS_SESSIONS, 1, 0,
     false},
    {"oldest-sessions", "Oldest transaction, 10 % of the sessions have one", WORK_OLDEST,
     AXIS_SESSIONS, 1, 0, true},
    {"oldest-open", "Oldest transaction, 100 000 sessions", WORK_OLDEST, AXIS_OPEN, 1, 100000,
     false},
    {"list-sessions", "List of all sessions, all fields read", WORK_LIST, AXIS_SESSIONS, 1, 0,
     true},
    {"lookup-sessions", "Lookup by id, fields read", WORK_LOOKUP, AXIS_SESSIONS, 1, 0, false},
    {"churn-sessions", "Close a session and open another", WORK_CHURN, AXIS_SESSIONS, 1, 0, false},
    {"mixed-threads", "Mixed: committers, syncer, lister, churn, 10 000 sessions", WORK_MIXED,
     AXIS_THREADS, 0, 10000, false},
};

static const char *const labels[] = {
    [AXIS_THREADS] = "threads (two processors)",
    [AXIS_SESSIONS] = "sessions",
    [AXIS_OPEN] = "open transactions",
};

static bool belongs(const struct chart *chart, const struct table *table)
{
    if (table->work != chart->work || (chart->threads && table->threads != chart->threads) ||
        (chart->sessions && table->sessions != chart->sessions))
        return false;
    if (chart->axis == AXIS_OPEN)
        return table->open > 0; /* 0 has no place on a logarithmic axis */
    return table->open == (chart->tenth_open ? table->sessions / 10 : 0);
}

static size_t position(const struct chart *chart, const struct table *table)
{
    return chart->axis == AXIS_THREADS    ? table->threads
           : chart->axis == AXIS_SESSIONS ? table->sessions
                                          : table->open;
}

#define MAX_POINTS 16

struct point {
    size_t at;
    struct spread ns;
};

/* The engine's points in the order of the axis; returns how many. */
static size_t points_of(const struct telling *telling, const struct chart *chart,
                        const struct engine *engine, struct point *points)
{
    size_t i, j, n = 0;

    for (i = 0; i < telling->n_plan && n < MAX_POINTS; i++) {
        const struct table *table = &telling->plan[i];
        struct point point = {.at = position(chart, table)};

        if (!belongs(chart, table) ||
            !samples_spread(telling->samples, table, engine, METRIC_NS, &point.ns))
            continue;
        for (j = n++; j > 0 && points[j - 1].at > point.at; j--)
            points[j] = points[j - 1];
        points[j] = point;
    }
    return n;
}

/* Whether there are enough for a line. */
static bool put_points(FILE *out, const struct telling *telling, const struct chart *chart,
                       size_t engine)
{
    struct point points[MAX_POINTS];
    size_t i, n = points_of(telling, chart, engines[engine], points);

    if (n < 2)
        return false;
    fprintf(out, "$e%zu << end\n", engine);
    for (i = 0; i < n; i++)
        fprintf(out, "%zu %.6g %.6g %.6g\n", points[i].at, points[i].ns.median, points[i].ns.min,
                points[i].ns.max);
    fputs("end\n", out);
    return true;
}

/* Returns how many engines the chart shows. */
static size_t put_script(FILE *out, const struct telling *telling, const struct chart *chart)
{
    const char *between = "plot ";
    bool shown[64] = {false};
    size_t i, n = 0;

    for (i = 0; i < n_engines && i < sizeof(shown) / sizeof(*shown); i++) {
        shown[i] = put_points(out, telling, chart, i);
        n += shown[i];
    }
    if (!n)
        return 0;
    fprintf(out,
            "set title \"%s\" noenhanced\nset xlabel \"%s\"\n"
            "set ylabel \"ns of a processor's time, median, smallest and largest\"\n"
            "set logscale xy\nset grid\nset key outside right noenhanced\n"
            "draw = \"",
            chart->title, labels[chart->axis]);
    for (i = 0; i < n_engines && i < sizeof(shown) / sizeof(*shown); i++)
        if (shown[i]) {
            fprintf(out, "%s$e%zu with yerrorlines lw %d pt %zu title '%s'", between, i,
                    engines[i] == &engine_roster ? 3 : 1, i + 1, engines[i]->name);
            between = ", ";
        }
    fprintf(out,
            "\"\nset terminal svg size 900,560 background \"white\"\nset output \"%s.svg\"\n"
            "@draw\nset terminal pngcairo size 900,560\nset output \"%s.png\"\n@draw\n",
            chart->name, chart->name);
    return n;
}

static int draw(const char *directory, const char *script)
{
    char *argv[] = {(char *)(uintptr_t) "gnuplot", (char *)(uintptr_t)script, NULL};
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status, err;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addchdir_np(&actions, directory);
    err = -posix_spawnp(&child, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (err)
        return err;
    if (waitpid(child, &status, 0) < 0)
        return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int make_chart(const struct telling *telling, const struct chart *chart,
                      const char *directory)
{
    char script[80], path[4200];
    size_t shown;
    FILE *out;

    snprintf(script, sizeof(script), "%s.gp", chart->name);
    snprintf(path, sizeof(path), "%s/%s", directory, script);
    out = fopen(path, "w");
    if (!out)
        return -errno;
    shown = put_script(out, telling, chart);
    if (fclose(out))
        return -errno;
    if (!shown) {
        unlink(path);
        return 0;
    }
    return draw(directory, script);
}

int tell_charts(const struct telling *telling, const char *directory)
{
    size_t i;
    int err = 0;

    for (i = 0; i < sizeof(charts) / sizeof(*charts) && !err; i++)
        err = make_chart(telling, &charts[i], directory);
    return err;
}
