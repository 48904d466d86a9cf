/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The event log. Three rings of events; an event is written once, and overwritten as a whole.
 *
 * For each ring the last few different events are remembered. If similar events repeat too often
 * within a second, they are counted there. The count becomes an event after that second: at the
 * next repetition, when the entry is displaced, or when the log is read. So events never change,
 * and each report is in exactly one of three places: an event that is kept, one that was dropped,
 * or a pending count.
 */
#include "core/roster/event_log.h"

#include "core/base/clock.h"
#include "core/base/struct_size.h"
#include "core/base/utf8.h"
#include "core/roster/roster.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define WINDOW_NS UINT64_C(1000000000)
#define RECENT 16
#define BURST 4          /* alike events that are written one by one in each second */
#define NUMBERS_SHIFT 20 /* 2^20 numbers a millisecond: no restart gives one again */

/* Something that happened lately. */
struct recent {
    struct roster_logged event; /* its kind is 0 in a free place; `count` has what is pending */
    uint64_t began_ns;          /* the second */
    unsigned written;           /* as events of their own since then */
};

struct ring {
    struct roster_logged *events;
    uint32_t size;
    uint64_t added;
    struct recent recent[RECENT];
    unsigned next_recent;
};

enum { KILLS, OPENS, OTHERS, RINGS };

struct rst_event_log {
    pthread_mutex_t lock; /* of all below */
    uint64_t first;       /* constant: the number before the first one */
    uint64_t newest;
    uint64_t happened;
    uint64_t kept;
    uint64_t dropped;
    uint64_t by_kind[ROSTER_LOGGED_KINDS_ROOM];
    struct ring rings[RINGS];
    struct roster_logged
        events[ROSTER_EVENT_LOG_KILLS + ROSTER_EVENT_LOG_OPENS + ROSTER_EVENT_LOG_OTHERS];
};

const char *roster_logged_kind_name(enum roster_logged_kind kind)
{
    static const char *const names[] = {
        [ROSTER_LOGGED_KILL] = "kill",           [ROSTER_LOGGED_OPEN_REJECTED] = "open rejected",
        [ROSTER_LOGGED_DRAIN] = "drain",         [ROSTER_LOGGED_FENCE] = "fence",
        [ROSTER_LOGGED_LEASE] = "lease",         [ROSTER_LOGGED_SERVER] = "server",
        [ROSTER_LOGGED_LEADER] = "leader",       [ROSTER_LOGGED_VERDICT] = "verdict",
        [ROSTER_LOGGED_ABANDONED] = "abandoned", [ROSTER_LOGGED_DEADLOCK] = "deadlock",
    };
    unsigned n = (unsigned)kind;

    return n && n < sizeof(names) / sizeof(names[0]) ? names[n] : "unknown";
}

struct rst_moment rst_moment(void)
{
    return (struct rst_moment){rst_monotonic_ns(), rst_wall_ms()};
}

/* Mapped, so that a log that stays empty costs addresses and no memory. */
struct rst_event_log *rst_event_log_create(void)
{
    static const uint32_t sizes[RINGS] = {ROSTER_EVENT_LOG_KILLS, ROSTER_EVENT_LOG_OPENS,
                                          ROSTER_EVENT_LOG_OTHERS};
    struct rst_event_log *log = mmap(NULL, sizeof(*log), PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    struct roster_logged *next;
    unsigned n;

    if (log == MAP_FAILED)
        return NULL;
    log->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    log->first = log->newest = rst_moment().ms << NUMBERS_SHIFT;
    next = log->events;
    for (n = 0; n < RINGS; n++) {
        log->rings[n].events = next;
        log->rings[n].size = sizes[n];
        next += sizes[n];
    }
    return log;
}

void rst_event_log_destroy(struct rst_event_log *log)
{
    if (!log)
        return;
    pthread_mutex_destroy(&log->lock);
    (void)munmap(log, sizeof(*log));
}

size_t rst_event_log_memory(struct rst_event_log *log)
{
    size_t bytes = sizeof(*log) - sizeof(log->events);
    unsigned n;

    pthread_mutex_lock(&log->lock);
    for (n = 0; n < RINGS; n++) {
        const struct ring *ring = &log->rings[n];

        bytes +=
            (size_t)(ring->added < ring->size ? ring->added : ring->size) * sizeof(*ring->events);
    }
    pthread_mutex_unlock(&log->lock);
    return bytes;
}

static struct ring *ring_of(struct rst_event_log *log, enum roster_logged_kind kind)
{
    return &log->rings[kind == ROSTER_LOGGED_KILL            ? KILLS
                       : kind == ROSTER_LOGGED_OPEN_REJECTED ? OPENS
                                                             : OTHERS];
}

static bool is_alike(const struct roster_logged *one, const struct roster_logged *other)
{
    return one->kind == other->kind && one->result == other->result &&
           one->session_id == other->session_id && one->stmt_seq == other->stmt_seq &&
           one->start_ts == other->start_ts && one->txn_seq == other->txn_seq &&
           one->target == other->target && one->reason == other->reason &&
           !strcmp(one->what, other->what) && !strcmp(one->name, other->name) &&
           !strcmp(one->by, other->by) && !strcmp(one->user, other->user);
}

static void put(struct rst_event_log *log, struct ring *ring, const struct roster_logged *event)
{
    struct roster_logged *place = &ring->events[ring->added % ring->size];

    if (ring->added++ >= ring->size) {
        log->kept -= place->count;
        log->dropped += place->count;
    }
    *place = *event;
    place->size = sizeof(*place);
    place->id = ++log->newest;
    log->kept += event->count;
}

/* What is pending becomes an event. */
static void settle(struct rst_event_log *log, struct ring *ring, struct recent *recent)
{
    if (!recent->event.count)
        return;
    put(log, ring, &recent->event);
    recent->event.count = 0;
}

static bool has_passed(const struct recent *recent, uint64_t now_ns)
{
    /* Moments are taken outside the lock, so one may be before what another thread began. */
    return rst_since(now_ns, recent->began_ns) >= WINDOW_NS;
}

/* The place of what is like this event; the one that waited longest is given to what is new. */
static struct recent *place_of(struct rst_event_log *log, struct ring *ring,
                               const struct roster_logged *event, uint64_t now_ns)
{
    struct recent *recent;
    unsigned n;

    for (n = 0; n < RECENT; n++)
        if (is_alike(&ring->recent[n].event, event))
            return &ring->recent[n];
    recent = &ring->recent[ring->next_recent++ % RECENT];
    settle(log, ring, recent);
    recent->event = *event;
    recent->event.count = 0;
    recent->began_ns = now_ns;
    recent->written = 0;
    return recent;
}

/* It is one more of these. */
static void repeat(struct recent *recent, const struct roster_logged *event, struct rst_moment now)
{
    struct roster_logged *pending = &recent->event;

    if (!pending->count++) {
        pending->first_ms = pending->last_ms = now.ms;
        pending->first_ns = pending->last_ns = now.ns;
    } else if (now.ns > pending->last_ns) {
        pending->last_ms = now.ms;
        pending->last_ns = now.ns;
    } else if (now.ns < pending->first_ns) {
        pending->first_ms = now.ms;
        pending->first_ns = now.ns;
    }
    memcpy(pending->text, event->text, sizeof(pending->text));
}

void rst_event_log_add_at(struct rst_event_log *log, const struct roster_logged *event,
                          struct rst_moment now)
{
    struct ring *ring = ring_of(log, event->kind);
    struct recent *recent;

    pthread_mutex_lock(&log->lock);
    log->happened++;
    log->by_kind[event->kind]++;
    recent = place_of(log, ring, event, now.ns);
    if (has_passed(recent, now.ns)) {
        settle(log, ring, recent);
        recent->began_ns = now.ns;
        recent->written = 0;
    }
    repeat(recent, event, now);
    if (recent->written < BURST) {
        settle(log, ring, recent);
        recent->written++;
    }
    pthread_mutex_unlock(&log->lock);
}

/* Under the lock: what has been pending for a second. */
static void settle_all(struct rst_event_log *log, uint64_t now_ns)
{
    unsigned r, n;

    for (r = 0; r < RINGS; r++)
        for (n = 0; n < RECENT; n++)
            if (has_passed(&log->rings[r].recent[n], now_ns))
                settle(log, &log->rings[r], &log->rings[r].recent[n]);
}

/* The first event of a ring with a greater number; numbers grow along the ring. */
static const struct roster_logged *ring_next(const struct ring *ring, uint64_t since)
{
    uint64_t least = ring->added > ring->size ? ring->added - ring->size : 0, most = ring->added;

    while (least < most) {
        uint64_t middle = least + (most - least) / 2;

        if (ring->events[middle % ring->size].id > since)
            most = middle;
        else
            least = middle + 1;
    }
    return least < ring->added ? &ring->events[least % ring->size] : NULL;
}

int rst_event_log_next_at(struct rst_event_log *log, uint64_t since, struct rst_moment now,
                          struct roster_logged *event)
{
    const struct roster_logged *next = NULL, *one;
    unsigned n;

    pthread_mutex_lock(&log->lock);
    settle_all(log, now.ns);
    if (since > log->newest)
        since = 0;
    for (n = 0; n < RINGS; n++) {
        one = ring_next(&log->rings[n], since);
        if (one && (!next || one->id < next->id))
            next = one;
    }
    if (next)
        rst_struct_put(event, next, sizeof(*next));
    pthread_mutex_unlock(&log->lock);
    return next ? 0 : -ENOENT;
}

void rst_event_log_add(struct roster *roster, const struct roster_logged *event)
{
    rst_event_log_add_at(roster->event_log, event, rst_moment());
}

void rst_event_log_text(char *to, size_t size, const char *text, size_t length)
{
    if (length >= size)
        length = rst_utf8_cut(text, size - 1);
    if (length)
        memcpy(to, text, length);
    to[length] = '\0';
}

int roster_event_log_next(struct roster *roster, uint64_t since, struct roster_logged *event)
{
    int err = rst_result_check(roster, event, sizeof(*event));

    if (err)
        return err;
    return rst_event_log_next_at(roster->event_log, since, rst_moment(), event);
}

int roster_event_log_state(struct roster *roster, struct roster_event_log_state *state)
{
    struct roster_event_log_state known = {.size = sizeof(known)};
    struct rst_event_log *log;
    unsigned r, n;
    int err = rst_result_check(roster, state, sizeof(*state));

    if (err)
        return err;
    log = roster->event_log;
    pthread_mutex_lock(&log->lock);
    settle_all(log, rst_moment().ns);
    for (r = 0; r < RINGS; r++) {
        const struct ring *ring = &log->rings[r];

        known.events += ring->added < ring->size ? ring->added : ring->size;
        for (n = 0; n < RECENT; n++)
            known.pending += ring->recent[n].event.count;
    }
    known.first = log->first;
    known.newest = log->newest;
    known.events_dropped = log->newest - log->first - known.events;
    known.happened = log->happened;
    known.kept = log->kept;
    known.dropped = log->dropped;
    memcpy(known.by_kind, log->by_kind, sizeof(known.by_kind));
    pthread_mutex_unlock(&log->lock);
    rst_struct_put(state, &known, sizeof(known));
    return 0;
}
