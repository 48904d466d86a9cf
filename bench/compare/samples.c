/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What was measured. See samples.h.
 */
#include "samples.h"

#include "../measure/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "work,threads,sessions,open,engine,metric,round,value\n"
#define LINE_MAX_BYTES 512

const char *const metric_names[N_METRICS] = {
    [METRIC_NS] = "ns",           [METRIC_ALONE] = "ns_alone", [METRIC_P50] = "p50_ns",
    [METRIC_P99] = "p99_ns",      [METRIC_P999] = "p999_ns",   [METRIC_P9999] = "p9999_ns",
    [METRIC_MAX] = "max_ns",      [METRIC_BYTES] = "bytes",    [METRIC_GROWTH] = "growth_bytes",
    [METRIC_REFUSED] = "refused",
};

int samples_add(struct samples *samples, const struct sample *sample)
{
    if (samples->n == samples->room) {
        size_t room = samples->room ? 2 * samples->room : 256;
        struct sample *grown = realloc(samples->all, room * sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        samples->all = grown;
        samples->room = room;
    }
    samples->all[samples->n++] = *sample;
    return 0;
}

void samples_free(struct samples *samples)
{
    free(samples->all);
    *samples = (struct samples){0};
}

/* Fields of one line; false when there are not `n` of them. */
static bool split(char *line, char **fields, size_t n)
{
    size_t i;

    line[strcspn(line, "\n")] = '\0';
    for (i = 0; i < n; i++) {
        fields[i] = strsep(&line, ",");
        if (!fields[i])
            return false;
    }
    return !line;
}

static bool find(const char *const *names, size_t n, const char *name, size_t *found)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (!strcmp(names[i], name)) {
            *found = i;
            return true;
        }
    return false;
}

static int parse(struct samples *samples, char *line)
{
    const char *names[N_WORKS];
    struct sample sample = {0};
    char *fields[8];
    size_t i, work, metric;

    for (i = 0; i < N_WORKS; i++)
        names[i] = works[i].name;
    if (!split(line, fields, 8) || !find(names, N_WORKS, fields[0], &work) ||
        !find(metric_names, N_METRICS, fields[5], &metric))
        return -EINVAL;
    sample.table.work = (enum work)work;
    sample.table.threads = strtoull(fields[1], NULL, 10);
    sample.table.sessions = strtoull(fields[2], NULL, 10);
    sample.table.open = strtoull(fields[3], NULL, 10);
    sample.engine = engine_find(fields[4], strlen(fields[4]));
    sample.metric = (enum metric)metric;
    sample.round = strtoull(fields[6], NULL, 10);
    sample.value = strtod(fields[7], NULL);
    return sample.engine ? samples_add(samples, &sample) : 0; /* another build has more of them */
}

int samples_load(struct samples *samples, const char *path, const char *settings)
{
    FILE *file = fopen(path, "r");
    char line[LINE_MAX_BYTES];
    int err = 0;

    if (!file)
        return errno == ENOENT ? 0 : -errno;
    if (!fgets(line, sizeof(line), file))
        err = -EINVAL;
    else if (strcmp(line, settings) != 0)
        err = line[0] == '#' ? -ESTALE : -EINVAL;
    else if (!fgets(line, sizeof(line), file) || strcmp(line, HEAD) != 0)
        err = -EINVAL;
    while (!err && fgets(line, sizeof(line), file))
        err = parse(samples, line);
    fclose(file);
    return err;
}

int samples_append(const struct samples *samples, size_t from, const char *path,
                   const char *settings)
{
    FILE *file = fopen(path, "a");
    size_t i;
    int err = 0;

    if (!file)
        return -errno;
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) == 0)
        fprintf(file, "%s" HEAD, settings);
    for (i = from; i < samples->n; i++) {
        const struct sample *sample = &samples->all[i];

        fprintf(file, "%s,%zu,%zu,%zu,%s,%s,%zu,%.9g\n", works[sample->table.work].name,
                sample->table.threads, sample->table.sessions, sample->table.open,
                sample->engine->name, metric_names[sample->metric], sample->round, sample->value);
    }
    if (fflush(file) || ferror(file) || fsync(fileno(file)))
        err = errno == EINVAL ? 0 : -errno; /* some files cannot be synchronized */
    fclose(file);
    return err;
}

size_t samples_of(const struct samples *samples, const struct table *table,
                  const struct engine *engine, enum metric metric, double *values)
{
    size_t i, n = 0;

    for (i = 0; i < samples->n && n < MAX_ROUNDS; i++) {
        const struct sample *sample = &samples->all[i];

        if (sample->engine == engine && sample->metric == metric &&
            table_same(&sample->table, table))
            values[n++] = sample->value;
    }
    return n;
}

bool samples_spread(const struct samples *samples, const struct table *table,
                    const struct engine *engine, enum metric metric, struct spread *spread)
{
    double values[MAX_ROUNDS];
    size_t n = samples_of(samples, table, engine, metric, values);

    if (n)
        *spread = spread_of(values, n);
    return n > 0;
}

bool samples_ratio(const struct samples *samples, const struct table *table,
                   const struct engine *engine, const struct engine *by, enum metric metric,
                   struct spread *spread)
{
    double values[MAX_ROUNDS], others[MAX_ROUNDS];
    size_t n = samples_of(samples, table, engine, metric, values);

    if (!n || samples_of(samples, table, by, metric, others) != n)
        return false;
    *spread = spread_of_ratios(values, others, n);
    return true;
}
