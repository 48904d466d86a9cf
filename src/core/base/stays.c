/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Time-in-state histogram of owners. See stays.h.
 */
#include "core/base/stays.h"

void rst_stay_count_slow(struct rst_stays *stays, struct rst_all_stays *all, unsigned state,
                         uint64_t ns)
{
    unsigned bucket = 63 - (unsigned)__builtin_clzll(ns), n;
    uint64_t key = RST_STAY_IN_USE | state << 8 | bucket;

    rst_store(&stays->sum_ns[state], stays->sum_ns[state] + ns);
    for (n = 0; n < RST_STAYS; n++) {
        uint64_t entry = stays->entries[n];

        if (entry && (entry & (RST_STAY_ONE - 1)) != key)
            continue;
        rst_store(&stays->entries[n], (entry | key) + RST_STAY_ONE);
        return;
    }
    rst_fetch_add(&all->buckets[state][bucket], 1);
}

void rst_stays_add(struct rst_all_stays *all, const struct rst_stays *stays)
{
    unsigned n;

    for (n = 0; n < ROSTER_RUN_STATES; n++)
        rst_fetch_add(&all->sum_ns[n], rst_load(&stays->sum_ns[n]));
    for (n = 0; n < RST_STAYS; n++) {
        uint64_t entry = rst_load(&stays->entries[n]);

        if (entry)
            rst_fetch_add(&all->buckets[RST_STAY_STATE(entry)][RST_STAY_BUCKET(entry)],
                          entry / RST_STAY_ONE);
    }
}
