/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The memory of an activity history: keys, seconds and minutes. See activity.h.
 */
#include "core/operate/activity.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECONDS 3601 /* an hour, and what is under way */
#define MINUTES 1441
#define PROBES 8

static size_t bytes_per_key(void)
{
    const struct roster_activity *activity = NULL;

    return sizeof(*activity->keys) + 2 * sizeof(*activity->places) + sizeof(*activity->sorted) +
           sizeof(*activity->sums);
}

/* A quarter for keys, an eighth for what was seen last, the rest for buckets. */
static void divide(struct roster_activity *activity)
{
    size_t for_keys = activity->memory_size / 4, for_seen = activity->memory_size / 8;
    size_t for_cells = activity->memory_size - for_keys - for_seen;
    struct rst_activity_ring *rings = activity->rings;
    char *at = activity->memory;
    unsigned grain;

    activity->n_keys = (uint32_t)(for_keys / bytes_per_key());
    activity->per_bucket =
        (uint32_t)((for_cells / (SECONDS + MINUTES) - sizeof(struct rst_activity_bucket)) /
                   sizeof(struct rst_activity_cell));
    rings[RST_SECONDS] = (struct rst_activity_ring){.ms = 1000, .size = SECONDS};
    rings[RST_MINUTES] = (struct rst_activity_ring){.ms = 60000, .size = MINUTES};
    activity->n_blocks = (uint32_t)(for_seen / (sizeof(*activity->blocks) +
                                                RST_ACTIVITY_PER_BLOCK * sizeof(*activity->seen)));
    activity->blocks = (void *)at;
    at += activity->n_blocks * sizeof(*activity->blocks);
    activity->seen = (void *)at;
    at += activity->n_blocks * RST_ACTIVITY_PER_BLOCK * sizeof(*activity->seen);
    activity->keys = (void *)at;
    at += activity->n_keys * sizeof(*activity->keys);
    activity->sums = (void *)at;
    at += activity->n_keys * sizeof(*activity->sums);
    for (grain = 0; grain < RST_GRAINS; grain++) {
        rings[grain].buckets = (void *)at;
        at += rings[grain].size * sizeof(struct rst_activity_bucket);
    }
    for (grain = 0; grain < RST_GRAINS; grain++) {
        rings[grain].cells = (void *)at;
        at += (size_t)rings[grain].size * activity->per_bucket * sizeof(struct rst_activity_cell);
    }
    activity->sorted = (void *)at;
    at += activity->n_keys * sizeof(*activity->sorted);
    activity->places = (void *)at;
}

int rst_activity_buckets_init(struct roster_activity *activity)
{
    activity->memory_size = (size_t)activity->options.memory;
    activity->memory = mmap(NULL, activity->memory_size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (activity->memory == MAP_FAILED)
        return -ENOMEM;
    divide(activity);
    memset(activity->places, 0xff, 2 * activity->n_keys * sizeof(*activity->places));
    activity->free_key = RST_ACTIVITY_NONE;
    return 0;
}

size_t rst_activity_resident(const struct roster_activity *activity)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char pages[256];
    size_t at, n, resident = 0;

    for (at = 0; at < activity->memory_size; at += sizeof(pages) * page) {
        size_t bytes = activity->memory_size - at;

        if (bytes > sizeof(pages) * page)
            bytes = sizeof(pages) * page;
        if (mincore((char *)activity->memory + at, bytes, pages))
            return activity->memory_size;
        for (n = 0; n < (bytes + page - 1) / page; n++)
            resident += (pages[n] & 1) * page;
    }
    return resident;
}

void rst_activity_buckets_destroy(struct roster_activity *activity)
{
    (void)munmap(activity->memory, activity->memory_size);
}

_Static_assert(sizeof(struct roster_activity_row) % sizeof(uint64_t) == 0,
               "rows are compared and hashed as a whole");

static inline uint64_t mix(uint64_t hash, const struct roster_activity_row *row, size_t n)
{
    uint64_t word;

    memcpy(&word, (const char *)row + n, sizeof(word));
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Four independent hashes, so that the processor computes them side by side. */
static uint32_t hash_of(const struct roster_activity_row *row)
{
    uint64_t lanes[4] = {1, 2, 3, 4};
    size_t n, lane = 0;

    for (n = 0; n + sizeof(lanes) <= sizeof(*row); n += sizeof(lanes))
        for (lane = 0; lane < 4; lane++)
            lanes[lane] = mix(lanes[lane], row, n + lane * sizeof(lanes[0]));
    for (lane = 0; n < sizeof(*row); n += sizeof(lanes[0]), lane++)
        lanes[lane] = mix(lanes[lane], row, n);
    for (lane = 1; lane < 4; lane++)
        lanes[0] = (lanes[0] ^ lanes[lane]) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(lanes[0] >> 32);
}

static uint32_t *place_of(struct roster_activity *activity, uint32_t hash)
{
    return &activity->places[hash % (2 * activity->n_keys)];
}

/* A key without cells and with no counts in the current second and minute. */
static uint32_t take_key(struct roster_activity *activity)
{
    uint32_t key = activity->free_key;

    if (key != RST_ACTIVITY_NONE)
        activity->free_key = activity->keys[key].next;
    else if (activity->used_keys < activity->n_keys)
        key = activity->used_keys++;
    return key;
}

uint32_t rst_activity_count(struct roster_activity *activity, const struct roster_activity_row *row)
{
    uint32_t hash = hash_of(row), *place = place_of(activity, hash), n;
    struct rst_activity_key *key;
    unsigned grain;

    for (grain = 0; grain < RST_GRAINS; grain++)
        activity->rings[grain].open.active++;
    for (n = *place; n != RST_ACTIVITY_NONE; n = activity->keys[n].next)
        if (activity->keys[n].hash == hash && !memcmp(&activity->keys[n].row, row, sizeof(*row)))
            break;
    if (n == RST_ACTIVITY_NONE) {
        n = take_key(activity);
        if (n == RST_ACTIVITY_NONE)
            return n; /* it was active, and that is all that is kept */
        key = &activity->keys[n];
        memset(key, 0, sizeof(*key));
        key->row = *row;
        key->hash = hash;
        key->born = ++activity->born;
        key->next = *place;
        *place = n;
    }
    for (grain = 0; grain < RST_GRAINS; grain++)
        activity->keys[n].now[grain]++;
    return n;
}

/* Frees a key that is no longer used. */
static void let_key_go(struct roster_activity *activity, uint32_t n)
{
    struct rst_activity_key *key = &activity->keys[n];
    uint32_t *at = place_of(activity, key->hash);

    if (key->cells || key->now[RST_SECONDS] || key->now[RST_MINUTES])
        return;
    while (*at != n)
        at = &activity->keys[*at].next;
    *at = key->next;
    key->hash = 0;
    key->born = 0; /* no session is seen to do it again */
    key->next = activity->free_key;
    activity->free_key = n;
}

static int by_count(const void *one, const void *other)
{
    const struct rst_activity_cell *a = one, *b = other;

    return a->count != b->count ? (a->count < b->count ? 1 : -1)
                                : (a->key > b->key) - (a->key < b->key);
}

static struct rst_activity_cell *cells_of(const struct roster_activity *activity,
                                          const struct rst_activity_ring *ring, uint64_t number)
{
    return &ring->cells[number % ring->size * activity->per_bucket];
}

/* The bucket of this number was one of another time, if any. */
static void forget(struct roster_activity *activity, struct rst_activity_ring *ring,
                   uint64_t number)
{
    struct rst_activity_bucket *bucket = &ring->buckets[number % ring->size];
    const struct rst_activity_cell *cells = cells_of(activity, ring, number);
    uint32_t n;

    for (n = 0; n < bucket->cells; n++) {
        activity->keys[cells[n].key].cells--;
        let_key_go(activity, cells[n].key);
    }
    memset(bucket, 0, sizeof(*bucket));
}

/* What is under way has passed: what was seen most of it stays. */
static void close_bucket(struct roster_activity *activity, unsigned grain)
{
    struct rst_activity_ring *ring = &activity->rings[grain];
    struct rst_activity_bucket *bucket = &ring->buckets[ring->open.number % ring->size];
    struct rst_activity_cell *cells = cells_of(activity, ring, ring->open.number);
    struct rst_activity_cell *sorted = activity->sorted;
    uint32_t n, seen = 0;

    for (n = 0; n < activity->used_keys; n++)
        if (activity->keys[n].now[grain])
            sorted[seen++] = (struct rst_activity_cell){n, activity->keys[n].now[grain]};
    if (seen > activity->per_bucket)
        qsort(sorted, seen, sizeof(*sorted), by_count);
    *bucket = ring->open;
    bucket->cells = seen < activity->per_bucket ? seen : activity->per_bucket;
    memcpy(cells, sorted, bucket->cells * sizeof(*cells));
    for (n = 0; n < seen; n++) {
        activity->keys[sorted[n].key].now[grain] = 0;
        activity->keys[sorted[n].key].cells += n < bucket->cells;
        let_key_go(activity, sorted[n].key);
    }
}

/* Whether only the current minute has the key, with at most this count. */
static bool is_rare(const struct rst_activity_key *key, uint32_t most)
{
    return !key->cells && !key->now[RST_SECONDS] && key->now[RST_MINUTES] &&
           key->now[RST_MINUTES] <= most;
}

/*
 * Once a second: keys for what is new. A flood of combinations that were seen once would otherwise
 * hold all keys until the minute is over, and what is seen often from then on would be lost. The
 * minute counts what it forgets as active.
 */
static void free_keys(struct roster_activity *activity)
{
    uint32_t wanted = activity->n_keys / 4, most, n, rare, free = 0;

    for (n = activity->free_key; n != RST_ACTIVITY_NONE; n = activity->keys[n].next)
        free++;
    free += activity->n_keys - activity->used_keys;
    for (most = 1, rare = 1; free < wanted && rare && most; most *= 4) {
        for (n = rare = 0; n < activity->used_keys; n++) {
            struct rst_activity_key *key = &activity->keys[n];

            rare += is_rare(key, UINT32_MAX);
            if (is_rare(key, most)) {
                key->now[RST_MINUTES] = 0;
                let_key_go(activity, n);
                free++;
            }
        }
    }
}

/* The block of a chunk, or one that it may have. */
static struct rst_activity_block *block_of(const struct roster_activity *activity, uintptr_t chunk)
{
    struct rst_activity_block *block, *unused = NULL;
    uint32_t n, at = (uint32_t)(chunk * 0x9e3779b1U) % activity->n_blocks;

    for (n = 0; n < PROBES; n++) {
        block = &activity->blocks[(at + n) % activity->n_blocks];
        if (block->chunk == chunk)
            return block;
        if (!unused && block->sample + 1 < activity->sample)
            unused = block;
    }
    return unused;
}

struct rst_activity_seen *rst_activity_seen_of(struct roster_activity *activity,
                                               const struct roster_session *session)
{
    uintptr_t chunk = (uintptr_t)session / RST_SESSION_CHUNK;
    struct rst_activity_block *block;

    if (rst_unlikely(chunk != activity->chunk)) {
        block = block_of(activity, chunk);
        activity->chunk = chunk;
        activity->here =
            block ? activity->seen + (size_t)(block - activity->blocks) * RST_ACTIVITY_PER_BLOCK
                  : NULL;
        if (block && block->chunk != chunk)
            memset(activity->here, 0, RST_ACTIVITY_PER_BLOCK * sizeof(*activity->here));
        if (block)
            *block = (struct rst_activity_block){chunk, activity->sample};
    }
    return activity->here
               ? &activity->here[(uintptr_t)session / sizeof(*session) % RST_ACTIVITY_PER_BLOCK]
               : NULL;
}

/* Those that pass without a sample are empty: no bucket of another time stays in their places. */
static void pass(struct roster_activity *activity, unsigned grain, uint64_t number)
{
    struct rst_activity_ring *ring = &activity->rings[grain];
    uint64_t n, passed = number - ring->open.number;

    close_bucket(activity, grain);
    if (passed > ring->size)
        passed = ring->size;
    for (n = 0; n < passed; n++)
        forget(activity, ring, number - n);
    memset(&ring->open, 0, sizeof(ring->open));
    if (grain == RST_SECONDS)
        free_keys(activity);
}

void rst_activity_begin(struct roster_activity *activity, uint64_t now_ms)
{
    unsigned grain;

    activity->sample++;
    activity->chunk = 0;
    for (grain = 0; grain < RST_GRAINS; grain++) {
        struct rst_activity_ring *ring = &activity->rings[grain];
        uint64_t number = now_ms / ring->ms;

        /* The clock is read before the lock is taken: a sample that was overtaken by one of the
         * next second is counted with that. */
        if (number <= ring->open.number)
            continue;
        pass(activity, grain, number);
        ring->open.number = number;
    }
}
