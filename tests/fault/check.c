/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * check DIR [--since NS] [--until NS] [--least WHAT=NUMBER]... [--alive ID]... [--refused ID]...
 *     [--vouched ID]...
 *
 * Reads the logs of all servers in DIR, verifies G2, G3 and G8 over the whole history, and counts
 * what happened: a history in which nothing happened proves nothing. --least fails when there was
 * less of something; --alive unless the server, after --since, vouched for a transaction that had
 * begun after it and saw the gc safe point move; --refused unless it refused to vouch between
 * --since and --until, --vouched unless it did vouch. "check" alone prints CLOCK_BOOTTIME in
 * nanoseconds, for --since.
 *
 * 0: it holds. 1: violated. 3: it holds as far as it goes, but too little happened.
 */

#include "history.h"

#include <err.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What is counted. */
struct counts {
    const char *name;
    uint64_t count;
};

enum { TXNS, VOUCHED, REFUSED, MOVES, COLLECTED, FENCES, TIMESTAMPS, COUNTS };

static struct counts counts[COUNTS] = {
    [TXNS] = {"transactions", 0},     [VOUCHED] = {"vouched", 0},     [REFUSED] = {"refused", 0},
    [MOVES] = {"moves", 0},           [COLLECTED] = {"collected", 0}, [FENCES] = {"fences", 0},
    [TIMESTAMPS] = {"timestamps", 0},
};

static int64_t since, until = INT64_MAX;

static uint64_t count_kind(const struct history *history, enum event_kind kind)
{
    size_t count;

    free(history_of(history, kind, &count));
    return count;
}

static void count_all(const struct history *history)
{
    size_t count;
    struct note *notes = history_of(history, EVENT_CHECK, &count);

    for (size_t i = 0; i < count; i++)
        counts[notes[i].event->error == 0 ? VOUCHED : REFUSED].count++;
    free(notes);
    notes = history_of(history, EVENT_COLLECT, &count);
    for (size_t i = 0; i < count; i++)
        counts[COLLECTED].count += notes[i].event->value;
    free(notes);
    notes = history_of(history, EVENT_STATE, &count);
    for (size_t i = 0; i < count; i++)
        counts[FENCES].count += notes[i].event->ts == 2;
    free(notes);
    counts[TXNS].count = count_kind(history, EVENT_BEGIN);
    counts[MOVES].count = count_kind(history, EVENT_KNOWN);
    counts[TIMESTAMPS].count = count_kind(history, EVENT_TIMESTAMP);
}

/* When each transaction of a life began; 0: never. */
static int64_t *begin_times(const struct life *life)
{
    int64_t *times = calloc((size_t)LOG_EVENTS + 1, sizeof(*times));
    const struct event *event;

    if (times == NULL)
        err(99, "transactions");
    for (uint32_t i = 0; i < life->count; i++) {
        event = &life->file->events[i];
        if (event->kind == EVENT_BEGIN && event->txn <= LOG_EVENTS)
            times[event->txn] = event->begin;
    }
    return times;
}

static bool life_alive(const struct life *life)
{
    int64_t *times = begin_times(life);
    bool vouched = false;
    uint64_t first = 0, last = 0;

    for (uint32_t i = 0; i < life->count; i++) {
        const struct event *event = &life->file->events[i];

        if (event->begin < since)
            continue;
        vouched = vouched ||
                  (event->kind == EVENT_CHECK && event->error == 0 && times[event->txn] >= since);
        if (event->kind == EVENT_KNOWN) {
            first = first == 0 ? event->ts : first;
            last = event->ts;
        }
    }
    free(times);
    return vouched && last > first;
}

/* Whether a check that began between --since and --until refused, or else one succeeded. */
static bool life_checked(const struct life *life, bool refused)
{
    for (uint32_t i = 0; i < life->count; i++) {
        const struct event *event = &life->file->events[i];

        if (event->kind == EVENT_CHECK && (event->error != 0) == refused && event->begin >= since &&
            event->begin < until)
            return true;
    }
    return false;
}

static bool life_refused(const struct life *life)
{
    return life_checked(life, true);
}

static bool life_vouched(const struct life *life)
{
    return life_checked(life, false);
}

/* Whether it is so of one life of the server. */
static bool any_life(const struct history *history, const char *id, bool (*of)(const struct life *))
{
    for (size_t i = 0; i < history->n_lives; i++)
        if (strcmp(history->lives[i].file->id, id) == 0 && of(&history->lives[i]))
            return true;
    return false;
}

static bool enough(const char *wanted)
{
    const char *equals = strchr(wanted, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - wanted);

    for (size_t i = 0; i < COUNTS; i++)
        if (strlen(counts[i].name) == length && strncmp(counts[i].name, wanted, length) == 0)
            return counts[i].count >= strtoull(equals + 1, NULL, 10);
    errx(2, "--least %s: there is no such count", wanted);
}

static bool holds(const struct history *history, const char *option, const char *value)
{
    if (strcmp(option, "--least") == 0)
        return enough(value);
    if (strcmp(option, "--alive") == 0)
        return any_life(history, value, life_alive);
    if (strcmp(option, "--refused") == 0)
        return any_life(history, value, life_refused);
    if (strcmp(option, "--vouched") == 0)
        return any_life(history, value, life_vouched);
    if (strcmp(option, "--since") == 0)
        since = strtoll(value, NULL, 10);
    else if (strcmp(option, "--until") == 0)
        until = strtoll(value, NULL, 10);
    else
        errx(2, "unknown option %s", option);
    return true;
}

static void verify(const struct history *history)
{
    verify_oracle(history);
    verify_safe_points(history);
    verify_minima(history);
    verify_txns(history);
    verify_reads(history);
}

int main(int argc, char **argv)
{
    struct history history = {0};
    struct timespec now;
    bool all = true;

    if (argc == 1) {
        clock_gettime(CLOCK_BOOTTIME, &now);
        printf("%" PRId64 "\n", (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
        return 0;
    }
    history_open(&history, argv[1]);
    verify(&history);
    count_all(&history);
    printf("%zu lives of servers:", history.n_lives);
    for (size_t i = 0; i < COUNTS; i++)
        printf(" %" PRIu64 " %s", counts[i].count, counts[i].name);
    printf(", %" PRIu64 " violations\n", violations());
    for (int i = 2; i + 1 < argc; i += 2)
        if (!holds(&history, argv[i], argv[i + 1])) {
            printf("not so: %s %s\n", argv[i], argv[i + 1]);
            all = false;
        }
    free(history.lives);
    if (violations() != 0)
        return 1;
    return all ? 0 : 3;
}
