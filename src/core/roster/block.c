/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Reading which sessions wait for others. See block.h.
 */
#include "core/roster/block.h"

#include "core/roster/roster.h"
#include "core/roster/side.h"
#include "core/roster/txn_seq.h"
#include "core/roster/wait_events.h"

#define MOST_LOOKS 1000

static bool look(const struct rst_side *side, const struct rst_block *block,
                 struct rst_blocked *blocked)
{
    size_t n;

    blocked->block.version = rst_load_acquire(&block->version);     /* b: pairs with 2 and 4 */
    blocked->block.holder_id = rst_load_acquire(&block->holder_id); /* pairs with 3, as the rest */
    blocked->block.generation = rst_load_acquire(&block->generation);
    blocked->block.txn = rst_load_acquire(&block->txn);
    for (n = 0; n < RST_BLOCK_WORDS; n++)
        blocked->block.what[n] = rst_load_acquire(&block->what[n]);
    rst_test_point("block: record copied");
    return !(blocked->block.version & 1) && rst_load(&block->version) == blocked->block.version &&
           rst_load(&side->wait) == blocked->word; /* c */
}

bool rst_block_read(const struct roster_session *session, struct rst_blocked *blocked)
{
    const struct rst_side *side = rst_side_of(session);
    int looks;

    for (looks = 0; side && looks < MOST_LOOKS; looks++) {
        blocked->word = rst_load_acquire(&side->wait); /* a: pairs with 5, and shows the record */
        if (!(blocked->word & RST_WAIT_BLOCKED))
            return false;
        if (look(side, side->block, blocked))
            return true;
    }
    return false;
}

struct roster_session *rst_block_holder(struct roster *roster, const struct rst_blocked *blocked)
{
    const struct rst_block *block = &blocked->block;
    struct roster_session *holder = rst_registry_find(&roster->registry, block->holder_id);

    if (!holder || (block->generation && !rst_side_is_of(holder, block->generation)))
        return NULL;
    return !block->txn || rst_txn_look(holder).seq == block->txn ? holder : NULL;
}
