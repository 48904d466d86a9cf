/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "history.h"

#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_life(struct life *life, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *memory =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*life->file), PROT_READ, MAP_SHARED, fd, 0);
    struct stat st;

    if (memory == MAP_FAILED)
        err(99, "%s", path);
    if (fstat(fd, &st) != 0)
        err(99, "%s", path);
    close(fd);
    life->file = memory;
    if (st.st_size < (off_t)sizeof(*life->file))
        return false; /* this server is just starting */
    life->count = atomic_load(&life->file->count);
    if (life->count > LOG_EVENTS)
        errx(99, "%s is full", path);
    return true;
}

void history_open(struct history *history, const char *dir)
{
    char pattern[512];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/*.log", dir);
    if (glob(pattern, 0, NULL, &found) != 0)
        errx(99, "no logs in %s", dir);
    history->lives = calloc(found.gl_pathc, sizeof(*history->lives));
    if (history->lives == NULL)
        err(99, "logs");
    for (size_t i = 0; i < found.gl_pathc; i++)
        history->n_lives += open_life(&history->lives[history->n_lives], found.gl_pathv[i]);
    globfree(&found);
}

static size_t take(const struct life *life, enum event_kind kind, struct note *to)
{
    size_t count = 0;

    for (uint32_t i = 0; i < life->count; i++) {
        const struct event *event = &life->file->events[i];

        if (atomic_load_explicit(&event->kind, memory_order_acquire) != (uint32_t)kind)
            continue;
        if (to != NULL)
            to[count] = (struct note){event, life};
        count++;
    }
    return count;
}

static int by_end(const void *one, const void *other)
{
    int64_t a = ((const struct note *)one)->event->end,
            b = ((const struct note *)other)->event->end;

    return (a > b) - (a < b);
}

static struct note *collect(const struct life *lives, size_t n_lives, enum event_kind kind,
                            size_t *count)
{
    struct note *notes;
    size_t room = 0;

    for (size_t i = 0; i < n_lives; i++)
        room += lives[i].count;
    notes = malloc((room + 1) * sizeof(*notes));
    if (notes == NULL)
        err(99, "events");
    *count = 0;
    for (size_t i = 0; i < n_lives; i++)
        *count += take(&lives[i], kind, notes + *count);
    qsort(notes, *count, sizeof(*notes), by_end);
    return notes;
}

struct note *history_of(const struct history *history, enum event_kind kind, size_t *count)
{
    return collect(history->lives, history->n_lives, kind, count);
}

struct note *history_of_life(const struct life *life, enum event_kind kind, size_t *count)
{
    return collect(life, 1, kind, count);
}

size_t history_before(const struct note *notes, size_t count, int64_t time)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (notes[middle].event->end < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct {
    char guarantee[16];
    uint64_t count;
} seen[8];

void violation(const char *guarantee, const char *format, ...)
{
    va_list args;
    size_t i = 0;

    while (seen[i].count != 0 && strcmp(seen[i].guarantee, guarantee) != 0)
        i++;
    snprintf(seen[i].guarantee, sizeof(seen[i].guarantee), "%s", guarantee);
    if (seen[i].count++ >= 5)
        return;
    printf("violation of %s: ", guarantee);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

uint64_t violations(void)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
        sum += seen[i].count;
    return sum;
}
