/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Hints: arrays of them, which are replaced. See hints.h.
 */
#include "core/roster/hints.h"

#include "core/base/reclaim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct rst_hints *make(uint64_t sessions)
{
    size_t bytes = (rst_hints_bytes(sessions) + RST_CACHE_LINE - 1) & ~((size_t)RST_CACHE_LINE - 1);
    struct rst_hints *hints = aligned_alloc(RST_CACHE_LINE, bytes);

    if (!hints)
        return NULL;
    memset(hints, 0, bytes);
    hints->shift = (unsigned)__builtin_clzll(sessions) + 1;
    return hints;
}

/* Two that see the same place free both write there: then one session has no hint. */
void rst_hint_add(struct rst_hints *hints, struct roster_session *session)
{
    uint64_t hash = rst_hint_hash(session->id);
    size_t place = rst_hint_place(hints, hash), n;

    for (n = 0; n < RST_HINT_PLACES; n++) {
        uintptr_t *hint = &hints->places[place ^ n];

        if (rst_load(hint))
            continue;
        rst_store_release(hint, (uintptr_t)session | rst_hint_tag(hash)); /* pairs with find */
        return;
    }
}

/* In all places: the owner and b may both have added it. */
void rst_hint_remove(struct rst_hints *hints, const struct roster_session *session)
{
    uint64_t hash = rst_hint_hash(session->id);
    size_t place = rst_hint_place(hints, hash), n;

    for (n = 0; n < RST_HINT_PLACES; n++)
        if (rst_load(&hints->places[place ^ n]) == ((uintptr_t)session | rst_hint_tag(hash)))
            rst_store(&hints->places[place ^ n], 0);
}

int rst_hints_init(struct rst_hint_arrays *arrays, uint64_t sessions)
{
    arrays->current = make(sessions);
    arrays->next = arrays->old = NULL;
    arrays->sessions = sessions;
    arrays->bytes = rst_hints_bytes(sessions);
    return arrays->current ? 0 : -ENOMEM;
}

void rst_hints_destroy(struct rst_hint_arrays *arrays)
{
    free(arrays->old);
    free(arrays->current);
}

void rst_hints_expect(const struct rst_hint_arrays *arrays, uint64_t id)
{
    /* Acquire: pairs with c. */
    const struct rst_hints *hints = rst_load_acquire(&arrays->current);

    rst_prefetch_write(&hints->places[rst_hint_place(hints, rst_hint_hash(id))]);
}

void rst_hints_add(struct rst_hint_arrays *arrays, struct roster_session *session)
{
    struct rst_hints *next = rst_load_acquire(&arrays->next); /* pairs with c */

    if (rst_unlikely(next))
        rst_hint_add(next, session);
    rst_hint_add(rst_load_acquire(&arrays->current), session); /* pairs with c */
}

void rst_hints_remove(struct rst_hint_arrays *arrays, const struct roster_session *session)
{
    struct rst_hints *next;

    rst_fence_after_rmw(); /* pairs with that of b */
    rst_test_point("hints: cannot be walked");
    next = rst_load_acquire(&arrays->next); /* pairs with a and c */
    rst_test_point("hints: next known");
    if (rst_unlikely(next))
        rst_hint_remove(next, session);
    rst_hint_remove(rst_load_acquire(&arrays->current), session); /* pairs with c */
}

struct rst_hints *rst_hints_begin(struct rst_hint_arrays *arrays, uint64_t sessions)
{
    struct rst_hints *next = make(sessions);

    if (!next)
        return NULL;
    rst_store(&arrays->bytes, rst_load(&arrays->bytes) + rst_hints_bytes(sessions));
    rst_store_release(&arrays->next, next); /* a: pairs with 2 */
    return next;
}

void rst_hints_end(struct rst_hint_arrays *arrays, uint64_t sessions)
{
    arrays->old = arrays->current;
    rst_test_point("hints: filled");
    rst_store_release(&arrays->current, arrays->next); /* c: pairs with 2 */
    rst_store_release(&arrays->next, NULL);            /* pairs with 2 */
    rst_store(&arrays->sessions, sessions);
    (void)rst_hints_drop(arrays);
}

bool rst_hints_drop(struct rst_hint_arrays *arrays)
{
    if (!arrays->old)
        return true;
    if (rst_rcu_ready())
        return false;
    urcu_bp_synchronize_rcu(); /* d */
    rst_tsan_acquire(&rst_grace_period);
    free(arrays->old);
    arrays->old = NULL;
    rst_store(&arrays->bytes, rst_hints_bytes(rst_load(&arrays->sessions)));
    return true;
}
