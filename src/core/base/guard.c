/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The one word for G8, and the lease's deadline beside it.
 */
#include "core/base/guard.h"

#include "core/base/clock.h"

#include <roster/timestamp.h>

void rst_guard_init(struct rst_guard *guard, struct rst_guard_words *words)
{
    *guard = (struct rst_guard){.lock = PTHREAD_MUTEX_INITIALIZER};
    *words = (struct rst_guard_words){.lease_deadline = RST_LEASE_NONE};
}

void rst_guard_destroy(struct rst_guard *guard)
{
    pthread_mutex_destroy(&guard->lock);
}

/* Under the lock. */
static void publish(const struct rst_guard *guard, struct rst_guard_words *words)
{
    uint64_t local = rst_load(&guard->local), from = local > guard->record ? local : guard->record;

    if (guard->passed > from)
        from = guard->passed;
    /* Pairs with rst_guard_check(). */
    rst_store_release(&words->protected_from, guard->fenced ? ROSTER_TS_MAX : from);
}

/*
 * Where there is no leased store nothing else writes protected_from. Where there is one, publish()
 * may just be storing what it computed from an older `local`; so it is computed once more, under
 * the lock. The fence pairs with that in rst_guard_fence(): a thread that sees no deadline yet
 * comes before all that is computed under the lock, which then sees its `local`.
 */
void rst_guard_raise_local(struct rst_guard *guard, struct rst_guard_words *words, uint64_t local)
{
    rst_raise(&guard->local, local);
    rst_raise(&words->protected_from, local);
    rst_fence_full_slow();
    if (rst_likely(rst_load(&words->lease_deadline) == RST_LEASE_NONE))
        return;
    pthread_mutex_lock(&guard->lock);
    publish(guard, words);
    pthread_mutex_unlock(&guard->lock);
}

void rst_guard_raise_record(struct rst_guard *guard, struct rst_guard_words *words, uint64_t record)
{
    pthread_mutex_lock(&guard->lock);
    if (record > guard->record) {
        guard->record = record;
        publish(guard, words);
    }
    pthread_mutex_unlock(&guard->lock);
}

void rst_guard_set_record(struct rst_guard *guard, struct rst_guard_words *words, uint64_t record)
{
    pthread_mutex_lock(&guard->lock);
    guard->record = record;
    publish(guard, words);
    pthread_mutex_unlock(&guard->lock);
}

bool rst_guard_protects_below(struct rst_guard *guard, uint64_t ts)
{
    bool protects;

    pthread_mutex_lock(&guard->lock);
    protects = !guard->fenced && ts > guard->record;
    pthread_mutex_unlock(&guard->lock);
    return protects;
}

bool rst_guard_pass(struct rst_guard *guard, struct rst_guard_words *words, uint64_t ts)
{
    bool may;

    pthread_mutex_lock(&guard->lock);
    may = guard->fenced || ts <= guard->record;
    if (may && ts > guard->passed) {
        guard->passed = ts;
        publish(guard, words);
    }
    pthread_mutex_unlock(&guard->lock);
    return may;
}

/* Where the kernel refuses its clock, as a seccomp filter may make it, no lease counts any more. */
static uint64_t boottime_ns(void)
{
    uint64_t now = rst_clock_ns(CLOCK_BOOTTIME);

    return now ? now : UINT64_MAX;
}

int64_t rst_guard_margin_ns(struct rst_guard *guard, const struct rst_guard_words *words)
{
    uint64_t end, now = boottime_ns();
    int64_t margin;

    pthread_mutex_lock(&guard->lock);
    end = guard->fenced ? guard->fenced_since : rst_load(&words->lease_deadline);
    margin = (int64_t)(end - now);
    /* Strictly: also in the very nanosecond. */
    if ((guard->fenced && margin >= 0) || now == UINT64_MAX)
        margin = -1;
    pthread_mutex_unlock(&guard->lock);
    return margin;
}

void rst_guard_fence(struct rst_guard *guard, struct rst_guard_words *words)
{
    uint64_t deadline = rst_load(&words->lease_deadline), now = boottime_ns();

    pthread_mutex_lock(&guard->lock);
    if (!guard->fenced)
        guard->fenced_since = deadline < now ? deadline : now;
    guard->fenced = true;
    publish(guard, words);
    rst_store_release(&words->lease_deadline, 0);
    rst_fence_full_slow(); /* pairs with that in rst_guard_raise_local() */
    pthread_mutex_unlock(&guard->lock);
}

void rst_guard_unfence(struct rst_guard *guard, struct rst_guard_words *words, uint64_t deadline)
{
    pthread_mutex_lock(&guard->lock);
    guard->fenced = false;
    publish(guard, words);
    rst_test_point("unfence: one of two");
    /* After protected_from; pairs with rst_guard_check(). */
    rst_store_release(&words->lease_deadline, deadline);
    pthread_mutex_unlock(&guard->lock);
}

bool rst_guard_may_lower(struct rst_guard *guard, uint64_t ts)
{
    bool may;

    pthread_mutex_lock(&guard->lock);
    may = !guard->fenced && ts >= rst_load(&guard->local) && ts >= guard->passed;
    pthread_mutex_unlock(&guard->lock);
    return may;
}

int rst_guard_lease_slow(uint64_t deadline)
{
    /* Read after everything that is vouched for. Also counts while the machine is suspended. */
    return boottime_ns() < deadline ? 0 : -ESTALE;
}
