/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Measures missed announcements on this machine: transactions that a scan did not see although
 * their timestamps are below its safe point (G2).
 *
 *     litmus [SECONDS]      seconds for each of the three ways, 0.3 by default
 *
 * One thread begins and finishes transactions in a loop, the other scans. The oracle is the
 * scanner's counter, which a begin merely loads: nothing in a begin is a fence, so the announcement
 * may still be in the store buffer when the timestamp is taken. Three ways are measured:
 *
 *     membarrier   the protocol: must miss none
 *     fences       the fallback, a full fence on both sides: must miss none
 *     neither      what the barrier is for: how many are missed says whether this machine, at this
 *                  moment, shows the reordering at all; none is no failure
 *
 * A way in which no scan ever met an open transaction has shown nothing and fails. Exits 77 where
 * there is only one processor.
 */
#include <inttypes.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CACHE_LINE 64
#define cache_aligned __attribute__((aligned(CACHE_LINE)))
#define compiler_barrier() __asm__ __volatile__("" ::: "memory")

#define load(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

enum way { MEMBARRIER, FENCES, NEITHER };

static const char *const names[] = {"membarrier", "fences", "neither"};

/* Even timestamps are the scanner's nows, odd ones transactions'. */
struct run {
    uint64_t slot cache_aligned;
    uint64_t counter cache_aligned;
    uint64_t floor cache_aligned;
    uint64_t safe_point cache_aligned;
    uint64_t stop cache_aligned;
    enum way way;
    /* What was seen, by one thread each. */
    uint64_t txns cache_aligned;
    uint64_t missed;
    uint64_t scans cache_aligned;
    uint64_t met;
};

static uint64_t oracle(struct run *run)
{
    return 2 * load(&run->counter) + 1;
}

/* Long enough for a scan to be completed now and then, not the same each time. */
static void work(uint64_t n)
{
    for (n &= 63; n; n--)
        compiler_barrier();
}

static void *owner_main(void *arg)
{
    struct run *run = arg;
    uint64_t txns = 0, missed = 0;

    while (!load(&run->stop)) {
        uint64_t ts;

        store_release(&run->slot, load(&run->floor)); /* A: pairs with c */
        compiler_barrier();                           /* B: pairs with b */
        if (run->way == FENCES)
            __atomic_thread_fence(__ATOMIC_SEQ_CST);
        ts = oracle(run);              /* C */
        store_release(&run->slot, ts); /* D: pairs with c */
        work(txns);
        if (load_acquire(&run->safe_point) > ts)
            missed++;
        store_release(&run->slot, 0);
        txns++;
    }
    run->txns = txns;
    run->missed = missed;
    return NULL;
}

static void barrier(enum way way)
{
    if (way == MEMBARRIER)
        syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    else if (way == FENCES)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    else
        compiler_barrier();
}

static void scan(struct run *run)
{
    uint64_t counter = load(&run->counter) + 1;
    uint64_t now = 2 * counter, word;

    store(&run->counter, counter); /* a */
    barrier(run->way);             /* b: pairs with B */
    word = load(&run->slot);       /* c: pairs with A and D */
    if (word)
        run->met++;
    if (!word || word > now)
        word = now;
    if (word > run->safe_point)
        store_release(&run->safe_point, word); /* d */
    store_release(&run->floor, now);           /* e */
    run->scans++;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A busy machine may let the owner's thread wait for a while before it runs. */
#define PATIENCE 30.0

/* Returns false when the owner's thread could not be made. */
static bool measure(struct run *run, enum way way, double seconds)
{
    pthread_t owner;
    double now, end;

    memset(run, 0, sizeof(*run));
    run->way = way;
    run->counter = 1;
    run->floor = 2;
    if (pthread_create(&owner, NULL, owner_main, run))
        return false;
    for (end = seconds_now() + seconds;
         (now = seconds_now()) < end || (!run->met && now < end + PATIENCE);)
        for (int i = 0; i < 1000; i++)
            scan(run);
    store(&run->stop, 1);
    pthread_join(owner, NULL);
    return true;
}

/* Says what was seen, and whether it may be. */
static bool judge(const struct run *run)
{
    bool as_promised = run->met && (run->way == NEITHER || run->missed == 0);
    double per_million = run->txns ? (double)run->missed * 1e6 / (double)run->txns : 0;

    printf("%s - %s: %" PRIu64 " of %" PRIu64 " transactions missed (%.1f per million), %" PRIu64
           " of %" PRIu64 " scans met one\n",
           as_promised ? "ok" : "not ok", names[run->way], run->missed, run->txns, per_million,
           run->met, run->scans);
    if (run->way == NEITHER && run->missed == 0)
        printf("# this machine showed no reordering this time\n");
    return as_promised;
}

static bool has_membarrier(void)
{
    return syscall(__NR_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
    static struct run run;
    cpu_set_t cpus;
    bool good = true;

    if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2) {
        printf("litmus: needs two processors\n");
        return 77;
    }
    for (enum way way = MEMBARRIER; way <= NEITHER; way++) {
        if (way == MEMBARRIER && !has_membarrier()) {
            printf("# membarrier is not to be had here\n");
            continue;
        }
        if (!measure(&run, way, seconds))
            return 99;
        good = judge(&run) && good;
    }
    return good ? 0 : 1;
}
