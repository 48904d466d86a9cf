/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "oracle_check.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct worker {
    struct oracle_check *check;
    roster_oracle_fn *get;
    void *arg;
    size_t calls;
    pthread_t thread;
};

struct oracle_check *oracle_check_new(void)
{
    struct oracle_check *check =
        mmap(NULL, sizeof(*check), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return check == MAP_FAILED ? NULL : check;
}

void oracle_check_free(struct oracle_check *check)
{
    munmap(check, sizeof(*check));
}

static void raise_greatest(struct oracle_check *check, uint64_t ts)
{
    uint_fast64_t known = atomic_load(&check->greatest);

    while (ts > known && !atomic_compare_exchange_weak(&check->greatest, &known, ts))
        ;
}

static void *work(void *arg)
{
    const struct worker *worker = arg;
    struct oracle_check *check = worker->check;
    size_t me = atomic_fetch_add(&check->workers, 1);
    uint64_t before, ts;

    for (size_t i = 0; i < worker->calls && me < ORACLE_CHECK_WORKERS; i++) {
        bool reads = check->read != NULL && i % 2 == 0;

        before = atomic_load(&check->greatest);
        if ((reads ? check->read : worker->get)(worker->arg, &ts) != 0) {
            atomic_fetch_add(&check->failures, 1);
            continue;
        }
        if (ts < before + !reads)
            atomic_fetch_add(&check->stale, 1);
        raise_greatest(check, ts);
        if (!reads)
            check->got[me][check->n_got[me]++] = ts;
    }
    return NULL;
}

void oracle_check_run(struct oracle_check *check, roster_oracle_fn *get, void *const *args,
                      size_t threads, size_t calls)
{
    struct worker workers[ORACLE_CHECK_WORKERS];

    if (threads == 1) {
        workers[0] = (struct worker){check, get, args[0], calls, 0};
        work(&workers[0]);
        return;
    }
    for (size_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){check, get, args[i], calls, 0};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
}

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

size_t oracle_check_duplicates(struct oracle_check *check)
{
    uint64_t *all = malloc(sizeof(check->got));
    size_t n = 0, duplicates = 0;

    for (size_t i = 0; i < ORACLE_CHECK_WORKERS; i++) {
        memcpy(all + n, check->got[i], check->n_got[i] * sizeof(all[0]));
        n += check->n_got[i];
    }
    qsort(all, n, sizeof(all[0]), compare);
    for (size_t i = 1; i < n; i++)
        duplicates += all[i] == all[i - 1];
    free(all);
    return duplicates;
}
