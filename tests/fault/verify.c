/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What must hold of timestamps, safe points and minima. "Before" means here that one event had
 * ended when the other began, by the clock that all servers of a host share.
 */

#include "history.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* greatest[i]: the greatest `of` among the first i notes, which are in the order of their ends. */
static uint64_t *running_greatest(const struct note *notes, size_t count,
                                  uint64_t (*of)(const struct event *))
{
    uint64_t *greatest = malloc((count + 1) * sizeof(*greatest)), value;

    if (greatest == NULL)
        err(99, "events");
    greatest[0] = 0;
    for (size_t i = 0; i < count; i++) {
        value = of(notes[i].event);
        greatest[i + 1] = value > greatest[i] ? value : greatest[i];
    }
    return greatest;
}

static uint64_t ts_of(const struct event *event)
{
    return event->ts;
}

static uint64_t value_of(const struct event *event)
{
    return event->value;
}

/* What all else rests on: who asks later, on whatever server, gets a greater timestamp. */
void verify_oracle(const struct history *history)
{
    size_t count;
    struct note *notes = history_of(history, EVENT_TIMESTAMP, &count);
    uint64_t *greatest = running_greatest(notes, count, ts_of), before;

    for (size_t i = 0; i < count; i++) {
        const struct event *event = notes[i].event;

        before = greatest[history_before(notes, count, event->begin)];
        if (event->ts <= before)
            violation("oracle",
                      "server %s got %" PRIu64 " at %.6f, after %" PRIu64 " had been given out",
                      notes[i].life->file->id, event->ts, seconds(event->begin), before);
    }
    free(greatest);
    free(notes);
}

/* One kind of safe point in the store never goes back (G3), and gc is not above txn. */
static void verify_stored(const struct note *notes, size_t count, const char *name,
                          uint64_t (*of)(const struct event *))
{
    uint64_t *greatest = running_greatest(notes, count, of), before;

    for (size_t i = 0; i < count; i++) {
        const struct event *event = notes[i].event;

        before = greatest[history_before(notes, count, event->begin)];
        if (of(event) < before)
            violation("G3", "%s safe point was %" PRIu64 " at %.6f, after it had been %" PRIu64,
                      name, of(event), seconds(event->begin), before);
    }
    free(greatest);
}

/* What a server knows never goes back while it lives. */
static void verify_known(const struct life *life)
{
    size_t count;
    struct note *notes = history_of_life(life, EVENT_KNOWN, &count);

    for (size_t i = 1; i < count; i++)
        if (notes[i].event->ts < notes[i - 1].event->ts ||
            notes[i].event->value < notes[i - 1].event->value)
            violation("G3", "a safe point of server %s went back at %.6f", life->file->id,
                      seconds(notes[i].event->begin));
    free(notes);
}

void verify_safe_points(const struct history *history)
{
    static const enum event_kind kinds[] = {EVENT_STORED, EVENT_KNOWN};
    struct note *notes;
    size_t count;

    for (size_t k = 0; k < 2; k++) {
        notes = history_of(history, kinds[k], &count);
        for (size_t i = 0; i < count; i++)
            if (notes[i].event->ts > notes[i].event->value)
                violation("gc",
                          "gc safe point %" PRIu64 " above txn safe point %" PRIu64 " at %.6f",
                          notes[i].event->ts, notes[i].event->value, seconds(notes[i].event->end));
        if (kinds[k] == EVENT_STORED) {
            verify_stored(notes, count, "txn", value_of);
            verify_stored(notes, count, "gc", ts_of);
        }
        free(notes);
    }
    for (size_t i = 0; i < history->n_lives; i++)
        verify_known(&history->lives[i]);
}

/* When a transaction was finished, or the end of time. */
static int64_t *finish_times(const struct life *life, uint64_t *n_txns)
{
    size_t count;
    struct note *notes = history_of_life(life, EVENT_FINISH, &count);
    int64_t *times;

    *n_txns = 0;
    for (uint32_t i = 0; i < life->count; i++)
        if (life->file->events[i].txn > *n_txns)
            *n_txns = life->file->events[i].txn;
    times = malloc((*n_txns + 1) * sizeof(*times));
    if (times == NULL)
        err(99, "transactions");
    for (uint64_t i = 0; i <= *n_txns; i++)
        times[i] = INT64_MAX;
    for (size_t i = 0; i < count; i++)
        times[notes[i].event->txn] = notes[i].event->begin;
    free(notes);
    return times;
}

/*
 * No minimum is above the start timestamp of a transaction of its server that is still open when
 * the scan ends (G2); one at a chosen timestamp counts from its begin's return on.
 */
static void verify_life(const struct life *life)
{
    size_t n_minima, n_begins;
    struct note *minima = history_of_life(life, EVENT_MINIMUM, &n_minima);
    struct note *begins = history_of_life(life, EVENT_BEGIN, &n_begins);
    uint64_t *greatest = running_greatest(minima, n_minima, ts_of), n_txns;
    int64_t *finished = finish_times(life, &n_txns);

    for (size_t i = 0; i < n_begins; i++) {
        const struct event *event = begins[i].event;
        size_t last = history_before(minima, n_minima, finished[event->txn]), first = 0;
        uint64_t most = greatest[last];

        if (event->value == 1) {
            first = history_before(minima, n_minima, event->end);
            most = 0;
            for (size_t m = first; m < last; m++)
                if (minima[m].event->begin > event->end && minima[m].event->ts > most)
                    most = minima[m].event->ts;
        }
        if (most > event->ts)
            violation("G2",
                      "server %s computed the minimum %" PRIu64 " beside transaction %" PRIu64
                      " at %" PRIu64,
                      life->file->id, most, event->txn, event->ts);
    }
    free(finished);
    free(greatest);
    free(begins);
    free(minima);
}

void verify_minima(const struct history *history)
{
    for (size_t i = 0; i < history->n_lives; i++)
        verify_life(&history->lives[i]);
}

/*
 * Of transactions and safe points of all servers (G2, G8): no transaction begins at the present
 * below a safe point that was known before, and no check succeeds that began after one above the
 * transaction's start timestamp was known.
 */
void verify_txns(const struct history *history)
{
    static const enum event_kind sources[] = {EVENT_STORED, EVENT_KNOWN};
    size_t n_points, n_events;

    for (size_t k = 0; k < 2; k++) {
        struct note *points = history_of(history, sources[k], &n_points);
        uint64_t *greatest = running_greatest(points, n_points, value_of), known;
        struct note *events = history_of(history, EVENT_BEGIN, &n_events);

        for (size_t i = 0; i < n_events; i++) {
            const struct event *event = events[i].event;

            known = greatest[history_before(points, n_points, event->begin)];
            if (event->value == 0 && event->ts < known)
                violation("G2",
                          "server %s began at %" PRIu64 " at %.6f, below txn safe point %" PRIu64,
                          events[i].life->file->id, event->ts, seconds(event->begin), known);
        }
        free(events);
        events = history_of(history, EVENT_CHECK, &n_events);
        for (size_t i = 0; i < n_events; i++) {
            const struct event *event = events[i].event;

            known = greatest[history_before(points, n_points, event->begin)];
            if (event->error == 0 && event->ts < known)
                violation("G8",
                          "server %s vouched for transaction %" PRIu64 " at %" PRIu64
                          " at %.6f, below txn safe point %" PRIu64,
                          events[i].life->file->id, event->txn, event->ts, seconds(event->begin),
                          known);
        }
        free(events);
        free(greatest);
        free(points);
    }
}
