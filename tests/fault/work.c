/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What the threads of a server do: transactions that read and are checked, versions, collection. */

#include "log.h"
#include "member.h"

#include <stdlib.h>

static _Thread_local unsigned seed;

static uint64_t below(uint64_t limit)
{
    return limit == 0 ? 0 : (uint64_t)rand_r(&seed) % limit;
}

int member_oracle(void *arg, uint64_t *ts)
{
    struct member *member = arg;
    int64_t begin = boottime_ns();
    int err = roster_oracle_store_allocate(member->oracle, ts);

    if (err == 0) {
        log_event(EVENT_TIMESTAMP, begin, (struct event){.ts = *ts});
        atomic_store(&member->newest, *ts);
    }
    return err;
}

/* One read of each kind of key: of any server's, then the check that vouches for it. */
static void read_and_check(struct member *member, struct roster_session *session, uint64_t txn,
                           uint64_t ts)
{
    uint32_t key = (uint32_t)below(DATA_KEYS);
    int64_t begin = boottime_ns();
    uint64_t version = data_read(member->data, key, ts);
    int err;

    log_event(EVENT_READ, begin,
              (struct event){.txn = txn, .ts = ts, .key = key, .value = version});
    begin = boottime_ns();
    err = roster_txn_check(session);
    log_event(EVENT_CHECK, begin, (struct event){.txn = txn, .ts = ts, .error = err});
}

/* Every fourth transaction reads the past. 0 or an error; the start timestamp. */
static int begin_txn(struct member *member, struct roster_session *session, uint64_t txn,
                     uint64_t *ts)
{
    bool stale = below(4) == 0;
    int64_t begin = boottime_ns();
    int err;

    if (stale) {
        *ts = roster_ts_before(atomic_load(&member->newest),
                               below((uint64_t)member->options.life_ms + 50));
        err = roster_txn_begin_at(session, *ts);
    } else {
        err = roster_txn_begin(session, ts);
    }
    if (err == 0)
        log_event(EVENT_BEGIN, begin, (struct event){.txn = txn, .ts = *ts, .value = stale});
    return err;
}

static void one_txn(struct member *member, struct roster_session *session, uint64_t hold_us)
{
    uint64_t txn = atomic_fetch_add(&member->txns, 1) + 1, ts = 0, step_us = 2000 + below(8000);
    int64_t begin;

    if (begin_txn(member, session, txn, &ts) != 0) {
        sleep_us(5000);
        return;
    }
    do {
        read_and_check(member, session, txn, ts);
        sleep_us(step_us);
        hold_us -= hold_us < step_us ? hold_us : step_us;
    } while (hold_us > 0 && !atomic_load(&member->stop));
    read_and_check(member, session, txn, ts);
    begin = boottime_ns();
    roster_txn_finish(session);
    log_event(EVENT_FINISH, begin, (struct event){.txn = txn});
}

static struct roster_session *open_session(struct member *member)
{
    struct roster_session *session = NULL;

    seed = (unsigned)boottime_ns();
    if (roster_session_open(member->roster, NULL, &session) != 0)
        abort();
    return session;
}

static void *worker_main(void *arg)
{
    struct member *member = arg;
    struct roster_session *session = open_session(member);

    while (!atomic_load(&member->stop)) {
        one_txn(member, session, below((uint64_t)member->options.hold_ms * 1000));
        sleep_us(1000);
    }
    roster_session_close(session);
    return NULL;
}

static void *stuck_main(void *arg)
{
    struct member *member = arg;
    struct roster_session *session = open_session(member);

    while (!atomic_load(&member->stop))
        one_txn(member, session, UINT64_MAX);
    roster_session_close(session);
    return NULL;
}

static uint32_t own_key(const struct member *member, uint64_t n)
{
    return member->options.slot * DATA_KEYS_EACH + (uint32_t)(n % DATA_KEYS_EACH);
}

/* A version at a new timestamp; while collection stands still there is no place at some time. */
static void write_version(struct member *member, uint32_t key)
{
    _Atomic uint64_t *place = data_place(member->data, key);
    int64_t begin;
    uint64_t ts;

    if (place == NULL || member_oracle(member, &ts) != 0)
        return;
    begin = boottime_ns();
    log_event(EVENT_WRITE_BEGIN, begin, (struct event){.key = key, .ts = ts});
    atomic_store(place, ts);
    log_event(EVENT_WRITE_END, begin, (struct event){.key = key, .ts = ts});
}

static void *writer_main(void *arg)
{
    struct member *member = arg;

    for (uint64_t n = 0; !atomic_load(&member->stop); n++) {
        write_version(member, own_key(member, n));
        sleep_us(10000);
    }
    return NULL;
}

static void *collector_main(void *arg)
{
    struct member *member = arg;
    uint64_t count, safe_point;
    int64_t begin;

    while (!atomic_load(&member->stop)) {
        begin = boottime_ns();
        safe_point = roster_gc_safe_point(member->safe_point);
        count = 0;
        for (uint64_t n = 0; n < DATA_KEYS_EACH; n++)
            count += data_collect(member->data, own_key(member, n), safe_point);
        if (count != 0)
            log_event(EVENT_COLLECT, begin, (struct event){.ts = safe_point, .value = count});
        sleep_us(10000);
    }
    return NULL;
}

void member_work(struct member *member)
{
    for (unsigned i = 0; i < WORKERS; i++)
        member_thread(member, worker_main);
    if (member->options.stuck)
        member_thread(member, stuck_main);
    member_thread(member, writer_main);
    member_thread(member, collector_main);
}
