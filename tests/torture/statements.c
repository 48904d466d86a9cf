/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Statements.
 */
#include "actor.h"
#include "report.h"
#include "words.h"

#include <inttypes.h>

/* No text, a short one, one that fills an object, or one that is cut. */
size_t client_text_length(struct actor *actor)
{
    static const unsigned most[] = {20, 200, 400, WORDS_TEXT_MAX - 40};
    uint64_t kind = rng_below(&actor->rng, 5);

    return kind == 4 ? 0 : 40 + (size_t)rng_below(&actor->rng, most[kind]);
}

void client_stmt_begin(struct actor *actor, struct client *client, size_t length)
{
    static const enum roster_command commands[] = {ROSTER_COMMAND_QUERY, ROSTER_COMMAND_EXECUTE,
                                                   ROSTER_COMMAND_OTHER};
    uint64_t seq = client->stmt_seq + 1;
    size_t digest_length;
    char text[WORDS_TEXT_MAX], digest[ROSTER_DIGEST_MAX];
    int err;

    words_text(text, length, client->id, seq, client->start_ts);
    digest_length = words_digest(digest, client->id, seq);
    err = roster_stmt_begin(client->session, commands[rng_below(&actor->rng, 3)],
                            length ? text : NULL, length, digest_length ? digest : NULL,
                            digest_length);
    if (client_refused(actor, client, "roster_stmt_begin()", err))
        return;
    require("API", roster_stmt_seq(client->session) == seq,
            "statement %" PRIu64 " has the number %" PRIu64, seq, roster_stmt_seq(client->session));
    client->stmt_seq = seq;
    client->in_stmt = true;
    client->met = 0;
    count(&actor->tally.statements);
}

void client_poll(struct actor *actor, struct client *client)
{
    int killed = roster_killed(client->session);

    (void)actor;
    require("API", killed >= 0, "roster_killed(): error %d", killed);
    client_meet(client, killed);
}

void client_stmt_end(struct actor *actor, struct client *client)
{
    int killed = roster_stmt_end(client->session);

    require("G7", killed >= 0, "roster_stmt_end(): error %d", killed);
    client_meet(client, killed);
    if (roster_killed_transaction(killed) && !client->met)
        client->masked_by_txn++;
    client->in_stmt = false;
    client->met = 0;
    count(&actor->tally.ends);
}
