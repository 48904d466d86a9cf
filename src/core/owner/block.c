/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The owner's side of waits for another session. See roster/block.h.
 */
#include "core/roster/block.h"

#include "core/base/struct_size.h"
#include "core/base/utf8.h"
#include "core/owner/owner.h"
#include "core/roster/enter.h"
#include "core/roster/roster.h"
#include "core/roster/side.h"
#include "core/roster/wait_events.h"

#include <string.h>

int roster_session_generation(struct roster_session *session, uint64_t *generation)
{
    int err = rst_session_refuses(session);
    struct rst_side *side;

    if (err)
        return err;
    if (!generation)
        return -EINVAL;
    side = rst_side_need(session);
    if (!side)
        return -ENOMEM;
    *generation = rst_side_generation(rst_session_roster(session), side);
    return 0;
}

/* The beginning of a text, as words; no character of UTF-8 is cut. */
static void text_words(uint64_t words[RST_BLOCK_WORDS], const char *text)
{
    size_t length = text ? strnlen(text, ROSTER_BLOCK_TEXT + 1) : 0;

    if (length > ROSTER_BLOCK_TEXT)
        length = rst_utf8_cut(text, ROSTER_BLOCK_TEXT);
    memset(words, 0, RST_BLOCK_WORDS * sizeof(*words));
    if (length)
        memcpy(words, text, length);
}

/* 1 to 5 of roster/block.h. */
static void publish(struct rst_side *side, const struct roster_block *wanted, uint64_t word)
{
    uint64_t words[RST_BLOCK_WORDS];
    struct rst_block *block = side->block;
    size_t n;

    text_words(words, wanted->what);
    rst_store(&side->wait, 0);                      /* 1 */
    rst_store(&block->version, block->version + 1); /* 2 */
    rst_test_point("block: half written");
    rst_store_release(&block->holder_id, wanted->holder_id); /* 3: pairs with b, as the rest */
    rst_store_release(&block->generation, wanted->holder_generation);
    rst_store_release(&block->txn, wanted->holder_txn);
    for (n = 0; n < RST_BLOCK_WORDS; n++)
        rst_store_release(&block->what[n], words[n]);
    rst_store_release(&block->version, block->version + 1); /* 4: pairs with b */
    rst_store_release(&side->wait, word);                   /* 5: pairs with a */
}

/* Its side, with a place for the record: complete before a wait word leads to it. NULL when memory
 * is out, and nothing has changed. */
static struct rst_side *side_with_block(struct roster_session *session)
{
    struct roster *roster = rst_session_roster(session);
    struct rst_block *block;

    if (session->side && session->side->block)
        return session->side;
    block = rst_heap_take(&roster->heap, sizeof(*block));
    if (!block || !rst_side_need(session)) {
        rst_heap_give(&roster->heap, block, sizeof(*block));
        return NULL;
    }
    session->side->block = block;
    rst_fetch_add(&roster->blocks, 1);
    return session->side;
}

static int block_get(struct roster_block *wanted, const struct roster_block *block)
{
    int err;

    if (!block)
        return -EINVAL;
    err = rst_struct_get(wanted, sizeof(*wanted), sizeof(*wanted), block);
    if (err)
        return err;
    return wanted->holder_id && !(wanted->flags & ~ROSTER_BLOCK_CHECK) &&
                   rst_wait_is_event(wanted->event)
               ? 0
               : -EINVAL;
}

int roster_block_begin(struct roster_session *session, const struct roster_block *block)
{
    struct roster_block wanted;
    int err = rst_session_refuses(session);
    struct rst_side *side;
    uint64_t now;

    if (!err)
        err = block_get(&wanted, block);
    if (err)
        return err;
    side = side_with_block(session);
    if (!side) {
        roster_wait_end(session);
        return -ENOMEM;
    }
    now = rst_ticker_now(&rst_session_roster(session)->ticker);
    publish(side, &wanted, (now & ~RST_WAIT_LOW) | RST_WAIT_BLOCKED | wanted.event);
    if (wanted.flags & ROSTER_BLOCK_CHECK)
        err = rst_deadlock_check(session);
    if (err)
        roster_wait_end(session);
    return err;
}
