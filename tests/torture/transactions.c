/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Transactions, each compared with everything that was handed out while it was open (G2, G8).
 */
#include "actor.h"
#include "report.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>

uint64_t actor_now(struct actor *actor, struct arena *arena)
{
    uint64_t ts, *last = &actor->last_ts[arena->number];

    require("harness", clock_get(&arena->clock, &ts) == 0, "the oracle failed");
    require("harness", ts >= *last, "the oracle went back from %" PRIu64 " to %" PRIu64, *last, ts);
    *last = ts;
    return ts;
}

uint64_t actor_past(struct actor *actor, struct arena *arena)
{
    uint64_t now = actor_now(actor, arena), safe_point = roster_local_safe_point(arena->roster);
    uint64_t span = now > safe_point ? now - safe_point : 1;

    if (safe_point && rng_one_in(&actor->rng, 16))
        return safe_point - rng_below(&actor->rng, 3) + 1;
    return now - rng_below(&actor->rng, span + span / 16 + 1);
}

static bool pinning(const struct client *client)
{
    return !(client->flags & ROSTER_SESSION_NON_PINNING);
}

/*
 * Whether a safe point may have passed the transaction: it is older than an age limit, or what it
 * had announced was, before it had its timestamp; then the check must say so (G8).
 */
static bool expired(const struct client *client, uint64_t lower)
{
    if (client->start_ts <= lower)
        return true;
    return client->floor <= lower && roster_txn_check(client->session) == -ESTALE;
}

void client_verify(const struct client *client)
{
    const struct limits *limits = &client->arena->limits;
    uint64_t minimum = __atomic_load_n(&limits->minimum, __ATOMIC_ACQUIRE);
    uint64_t safe_point = __atomic_load_n(&limits->safe_point, __ATOMIC_ACQUIRE);
    /* After these two: the limit that was applied to them has been asked for by now. */
    uint64_t lower = relaxed(&limits->lower_asked);

    if (client->txn != ROSTER_TXN_VALID || !pinning(client))
        return;
    require("G2", safe_point <= client->start_ts || expired(client, lower),
            "arena %u: safe point %" PRIu64 " passed the open transaction of session %" PRIx64
            " at %" PRIu64 "%s",
            client->arena->number, safe_point, client->id, client->start_ts,
            client->chosen ? " (chosen)" : "");
    require("G2", client->chosen || minimum <= client->start_ts || client->floor <= lower,
            "arena %u: minimum %" PRIu64 " passed the open transaction of session %" PRIx64
            " at %" PRIu64,
            client->arena->number, minimum, client->id, client->start_ts);
}

static void begun(struct actor *actor, struct client *client, uint64_t start_ts, bool chosen)
{
    client->txn = ROSTER_TXN_VALID;
    client->start_ts = start_ts;
    client->chosen = chosen;
    if (pinning(client))
        shadow_set(client->shadow, start_ts, client->floor, client->id);
    client_verify(client);
    count(&actor->tally.txns);
}

void client_begin(struct actor *actor, struct client *client)
{
    uint64_t ts = 0, *last = &actor->last_ts[client->arena->number];
    int err;

    client->floor = __atomic_load_n(&client->arena->limits.now, __ATOMIC_ACQUIRE);
    err = roster_txn_begin(client->session, &ts);
    if (client_refused(actor, client, "roster_txn_begin()", err))
        return;
    require("harness", ts >= *last, "begin went back from %" PRIu64 " to %" PRIu64, *last, ts);
    *last = ts;
    begun(actor, client, ts, false);
}

void client_begin_at(struct actor *actor, struct client *client)
{
    const struct limits *limits = &client->arena->limits;
    uint64_t ts = actor_past(actor, client->arena);
    uint64_t safe_point = __atomic_load_n(&limits->safe_point, __ATOMIC_ACQUIRE);
    int err;

    if (ts == 0)
        return;
    err = roster_txn_begin_at(client->session, ts);
    if (err == -ESTALE) {
        uint64_t after = roster_local_safe_point(client->arena->roster);

        require("G2", ts < after || ts <= relaxed(&limits->lower_asked),
                "begin at %" PRIu64 " was refused, and the safe point is %" PRIu64, ts, after);
        return;
    }
    if (client_refused(actor, client, "roster_txn_begin_at()", err))
        return;
    require("G2", safe_point <= ts,
            "begin at %" PRIu64 " was granted when the safe point was %" PRIu64, ts, safe_point);
    client->floor = ts;
    begun(actor, client, ts, true);
}

void client_prepare(struct actor *actor, struct client *client)
{
    int err;

    client->floor = __atomic_load_n(&client->arena->limits.now, __ATOMIC_ACQUIRE);
    err = roster_txn_prepare(client->session);
    if (!client_refused(actor, client, "roster_txn_prepare()", err))
        client->txn = ROSTER_TXN_PENDING;
}

void client_activate(struct actor *actor, struct client *client)
{
    uint64_t ts = actor_now(actor, client->arena);
    int err = roster_txn_activate(client->session, ts);

    require("G2", err != -ESTALE, "a pending transaction's timestamp %" PRIu64 " is too old", ts);
    if (!client_refused(actor, client, "roster_txn_activate()", err))
        begun(actor, client, ts, false);
}

void client_work(struct actor *actor, struct client *client)
{
    uint64_t entries, bytes;
    uint32_t schema;
    int err;

    if (rng_one_in(&actor->rng, 2)) {
        err =
            roster_txn_set_state(client->session, (enum roster_run_state)rng_below(&actor->rng, 5));
        client_refused(actor, client, "roster_txn_set_state()", err);
        return;
    }
    words_progress(client->start_ts, rng_next(&actor->rng), &entries, &bytes, &schema);
    err = roster_txn_set_progress(client->session, entries, bytes, schema);
    client_refused(actor, client, "roster_txn_set_progress()", err);
}

void client_check(struct actor *actor, struct client *client)
{
    const struct limits *limits = &client->arena->limits;
    /* The reads that the check vouches for: what is below was collected before. */
    uint64_t told = __atomic_load_n(&limits->lower_told, __ATOMIC_ACQUIRE);
    uint64_t ts = client->start_ts, safe_point = roster_local_safe_point(client->arena->roster),
             lower;
    int err = roster_txn_check(client->session);

    if (err == 0) {
        require("G8", safe_point <= ts,
                "the check vouches for %" PRIu64 ", below the safe point %" PRIu64, ts, safe_point);
        require("G8", told < ts, "the check vouches for %" PRIu64 ", expired by the limit %" PRIu64,
                ts, told);
        return;
    }
    require("API", err == -ESTALE, "roster_txn_check(): error %d", err);
    lower = relaxed(&limits->lower_asked);
    require("G8", !pinning(client) || ts <= lower || client->floor <= lower,
            "the check of %" PRIu64 " failed without a cause", ts);
    client_finish(actor, client);
}

void client_finish(struct actor *actor, struct client *client)
{
    int err;

    client_verify(client);
    if (client->txn == ROSTER_TXN_VALID && pinning(client))
        shadow_clear(client->shadow);
    err = roster_txn_finish(client->session);
    require("G7", err == 0, "roster_txn_finish(): error %d", err);
    client->txn = ROSTER_TXN_INVALID;
    client->start_ts = 0;
    count(&actor->tally.ends);
}
