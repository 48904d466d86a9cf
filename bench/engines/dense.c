/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * dense: the shape of PostgreSQL's ProcArray, written for this comparison: one dense array of words
 * with a session's start timestamp in each, a rwlock for membership, and beside the words records
 * under seqlocks with the rest. PostgreSQL itself takes its lock, shared, at every snapshot; here
 * owners take none: an exchange announces a bound before the timestamp is asked for, so this is the
 * strongest form of the idea that we could write. A session keeps its index, and indices are used
 * again last first, so the words stay as dense as the sessions. It finds no session by id (the
 * original searches the array).
 */
#include "engine.h"
#include "strings.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Between the bound's announcement and the timestamp; below every timestamp. */
#define BOUND 1

struct record {
    uint32_t seq; /* odd while the owner writes */
    uint32_t state;
    uint64_t id; /* 0: free */
    uint64_t since;
    uint32_t index;
    uint32_t text_length;
    struct who_strings who;
} own_lines;

struct world {
    struct oracle *oracle;
    pthread_rwlock_t membership;
    uint64_t *words;
    struct record *records;
    char *texts; /* TEXT_MAX for each; no page of it is touched before it is needed */
    uint32_t *free_indices;
    size_t n_free;
    size_t used; /* no index at or above it was ever used */
    size_t room;
};

static const char *version(void)
{
    return "our own rendering";
}

static void destroy(void *world)
{
    struct world *it = world;

    pthread_rwlock_destroy(&it->membership);
    free(it->words);
    free(it->records);
    free(it->texts);
    free(it->free_indices);
    free(it);
}

static int create(const struct engine_setup *setup, void **world)
{
    struct world *made = calloc(1, sizeof(*made));

    if (!made)
        return -ENOMEM;
    made->oracle = setup->oracle;
    made->room = setup->sessions;
    pthread_rwlock_init(&made->membership, NULL);
    made->words = calloc(made->room, sizeof(*made->words));
    made->records = aligned_alloc(_Alignof(struct record), made->room * sizeof(struct record));
    made->texts = calloc(made->room, TEXT_MAX);
    made->free_indices = malloc(made->room * sizeof(*made->free_indices));
    if (!made->words || !made->records || !made->texts || !made->free_indices) {
        destroy(made);
        return -ENOMEM;
    }
    memset(made->records, 0, made->room * sizeof(struct record));
    *world = made;
    return 0;
}

/* The owner's side of the seqlock; it alone writes seq. */
static void write_begin(struct record *record)
{
    __atomic_store_n(&record->seq, record->seq + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* pairs with the acquire fence in read_record() */
}

static void write_end(struct record *record)
{
    __atomic_store_n(&record->seq, record->seq + 1, __ATOMIC_RELEASE);
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    struct record *record;
    uint32_t index;

    pthread_rwlock_wrlock(&it->membership);
    if (it->n_free) {
        index = it->free_indices[--it->n_free];
    } else if (it->used < it->room) {
        index = (uint32_t)it->used++;
    } else {
        pthread_rwlock_unlock(&it->membership);
        return -EUSERS;
    }
    record = &it->records[index];
    record->index = index;
    record->id = id;
    record->state = 0;
    record->since = engine_since();
    record->text_length = 0;
    who_copy(&record->who, who);
    pthread_rwlock_unlock(&it->membership);
    *session = record;
    return 0;
}

static int close_session(void *world, void *session)
{
    struct world *it = world;
    struct record *record = session;

    pthread_rwlock_wrlock(&it->membership);
    record->id = 0;
    it->free_indices[it->n_free++] = record->index;
    pthread_rwlock_unlock(&it->membership);
    return 0;
}

static void put_state(struct record *record, uint32_t state)
{
    write_begin(record);
    __atomic_store_n(&record->state, state, __ATOMIC_RELAXED);
    __atomic_store_n(&record->since, engine_since(), __ATOMIC_RELAXED);
    write_end(record);
}

static int begin(void *world, void *session, uint64_t *start_ts)
{
    struct world *it = world;
    struct record *record = session;
    uint64_t *word = &it->words[record->index];

    /* A scan that does not see the bound has asked for its now before; pairs with its oracle_now */
    __atomic_exchange_n(word, BOUND, __ATOMIC_SEQ_CST);
    *start_ts = oracle_start_ts(it->oracle);
    __atomic_store_n(word, *start_ts, __ATOMIC_RELEASE);
    put_state(record, 1);
    return 0;
}

static int end(void *world, void *session)
{
    struct world *it = world;
    struct record *record = session;

    put_state(record, 0);
    __atomic_store_n(&it->words[record->index], 0, __ATOMIC_RELEASE);
    return 0;
}

static int stmt_begin(void *world, void *session, const char *text, size_t length)
{
    struct world *it = world;
    struct record *record = session;

    write_begin(record);
    memcpy(it->texts + (size_t)record->index * TEXT_MAX, text, length);
    __atomic_store_n(&record->text_length, (uint32_t)length, __ATOMIC_RELAXED);
    __atomic_store_n(&record->since, engine_since(), __ATOMIC_RELAXED);
    write_end(record);
    return 0;
}

static int stmt_end(void *world, void *session)
{
    struct record *record = session;

    (void)world;
    write_begin(record);
    __atomic_store_n(&record->text_length, 0, __ATOMIC_RELAXED);
    write_end(record);
    return 0;
}

/* A free word, 0, wraps around and is no minimum. */
static inline uint64_t smaller(uint64_t min, const uint64_t *word)
{
    uint64_t value = __atomic_load_n(word, __ATOMIC_RELAXED) - 1;

    return value < min ? value : min;
}

/* Four minima at once, because each waits for the comparison before it. */
static int oldest(void *world, uint64_t *ts)
{
    struct world *it = world;
    uint64_t now = oracle_now(it->oracle) - 1, a = now, b = now, c = now, d = now;
    size_t i;

    pthread_rwlock_rdlock(&it->membership);
    for (i = 0; i + 4 <= it->used; i += 4) {
        a = smaller(a, &it->words[i]);
        b = smaller(b, &it->words[i + 1]);
        c = smaller(c, &it->words[i + 2]);
        d = smaller(d, &it->words[i + 3]);
    }
    for (; i < it->used; i++)
        a = smaller(a, &it->words[i]);
    pthread_rwlock_unlock(&it->membership);
    a = a < b ? a : b;
    c = c < d ? c : d;
    *ts = (a < c ? a : c) + 1;
    return 0;
}

/* Reads record and word of one instant; false when it is free. */
static bool read_record(const struct world *it, size_t i, struct facts *facts,
                        struct who_strings *who, char *text)
{
    const struct record *record = &it->records[i];
    uint32_t seq;

    if (!record->id)
        return false;
    do {
        while ((seq = __atomic_load_n(&record->seq, __ATOMIC_ACQUIRE)) & 1)
            ;
        facts->id = record->id;
        facts->state = __atomic_load_n(&record->state, __ATOMIC_RELAXED);
        facts->since = __atomic_load_n(&record->since, __ATOMIC_RELAXED);
        facts->text_length = __atomic_load_n(&record->text_length, __ATOMIC_RELAXED);
        facts->start_ts = __atomic_load_n(&it->words[i], __ATOMIC_RELAXED);
        *who = record->who;
        if (facts->text_length)
            memcpy(text, it->texts + i * TEXT_MAX, facts->text_length);
        __atomic_thread_fence(__ATOMIC_ACQUIRE); /* pairs with the fence in write_begin() */
    } while (__atomic_load_n(&record->seq, __ATOMIC_RELAXED) != seq);
    return true;
}

static int list(void *world, struct reading *reading)
{
    struct world *it = world;
    struct who_strings who;
    char text[TEXT_MAX];
    size_t i;

    pthread_rwlock_rdlock(&it->membership);
    for (i = 0; i < it->used; i++) {
        struct facts facts = {.text = text};

        if (!read_record(it, i, &facts, &who, text))
            continue;
        facts.who = who_of(&who);
        read_facts(reading, &facts);
    }
    pthread_rwlock_unlock(&it->membership);
    return 0;
}

static int hold(void *world, void (*wait)(void *arg), void *arg)
{
    struct world *it = world;

    pthread_rwlock_rdlock(&it->membership);
    wait(arg);
    pthread_rwlock_unlock(&it->membership);
    return 0;
}

const struct engine engine_dense = {
    .name = "dense",
    .title = "dense words, rwlock, seqlock records",
    .can = CAN_TXN | CAN_TEXT | CAN_OLDEST | CAN_VALUE | CAN_LIST | CAN_HOLD,
    ENGINE_STATEMENTS,
    .create = create,
    .oldest = oldest,
    .list = list,
    .hold = hold,
};
