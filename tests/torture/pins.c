/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Stand-alone pins. They wait in a list of their arena, so that most are released by another
 * thread than acquired them.
 */
#include "actor.h"
#include "report.h"

#include <errno.h>
#include <inttypes.h>

struct held_pin {
    struct roster_pin *pin;
    struct shadow *shadow;
    uint64_t ts;
    bool chosen;
};

static struct held_pin held[ARENAS][PINS];
static unsigned n_held[ARENAS];

static struct shadow *shadow_take(struct arena *arena)
{
    struct shadow *shadow = NULL;

    pthread_mutex_lock(&arena->hand_over);
    if (arena->n_vacant_pins)
        shadow = &arena->shadows[PLACES + arena->vacant_pins[--arena->n_vacant_pins]];
    pthread_mutex_unlock(&arena->hand_over);
    return shadow;
}

static void shadow_give(struct arena *arena, const struct shadow *shadow)
{
    pthread_mutex_lock(&arena->hand_over);
    arena->vacant_pins[arena->n_vacant_pins++] = (unsigned)(shadow - arena->shadows) - PLACES;
    pthread_mutex_unlock(&arena->hand_over);
}

static void verify(const struct arena *arena, const struct held_pin *pin)
{
    const struct limits *limits = &arena->limits;
    uint64_t minimum = __atomic_load_n(&limits->minimum, __ATOMIC_ACQUIRE);
    uint64_t safe_point = __atomic_load_n(&limits->safe_point, __ATOMIC_ACQUIRE);
    uint64_t told = __atomic_load_n(&limits->lower_told, __ATOMIC_ACQUIRE);
    int err = roster_pin_check(pin->pin);

    require("G8", err == 0 || err == -ESTALE, "roster_pin_check(): error %d", err);
    require("G8", err || told < pin->ts,
            "the check vouches for a pin at %" PRIu64 ", expired by %" PRIu64, pin->ts, told);
    if (pin->ts <= relaxed(&limits->lower_asked))
        return;
    require("G8", err == 0, "the check of a pin at %" PRIu64 " failed without a cause", pin->ts);
    require("G2", safe_point <= pin->ts, "safe point %" PRIu64 " passed a pin at %" PRIu64,
            safe_point, pin->ts);
    require("G2", pin->chosen || minimum <= pin->ts, "minimum %" PRIu64 " passed a pin at %" PRIu64,
            minimum, pin->ts);
}

/* A session of the actor's in this arena, or NULL. */
static struct roster_session *on_behalf_of(struct actor *actor, const struct arena *arena)
{
    const struct client *client =
        actor->n_hand ? actor->hand[rng_below(&actor->rng, actor->n_hand)] : NULL;

    return client && client->arena == arena ? client->session : NULL;
}

static bool acquire(struct actor *actor, struct arena *arena, struct held_pin *made)
{
    enum roster_pin_kind kind =
        (enum roster_pin_kind)(ROSTER_PIN_CURSOR + rng_below(&actor->rng, 5));
    uint64_t safe_point = __atomic_load_n(&arena->limits.safe_point, __ATOMIC_ACQUIRE);
    /* The oracle's present is not below it. */
    uint64_t floor = __atomic_load_n(&arena->limits.now, __ATOMIC_ACQUIRE);
    uint64_t ts = rng_one_in(&actor->rng, 2) ? 0 : actor_past(actor, arena);
    int err = roster_pin_acquire(arena->roster, on_behalf_of(actor, arena), ts, kind, &made->pin);

    if (err == -ESTALE) {
        uint64_t after = roster_local_safe_point(arena->roster);
        uint64_t lower = relaxed(&arena->limits.lower_asked);

        require("G2", (ts && ts < after) || (ts ? ts : floor) <= lower,
                "a pin at %" PRIu64 " was refused, and the safe point is %" PRIu64 ", the age limit"
                " %" PRIu64 ", the least present %" PRIu64,
                ts, after, lower, floor);
        return false;
    }
    if (err == -ENOBUFS) {
        count(&actor->tally.refused);
        return false;
    }
    require("API", err == 0, "roster_pin_acquire(): error %d", err);
    made->ts = roster_pin_ts(made->pin);
    made->chosen = ts != 0;
    require("API", !ts || ts == made->ts, "a pin at %" PRIu64 " instead of %" PRIu64, made->ts, ts);
    require("G2", safe_point <= made->ts,
            "a pin at %" PRIu64 " was granted when the safe point was %" PRIu64, made->ts,
            safe_point);
    return true;
}

void pin_once(struct actor *actor, struct arena *arena)
{
    struct shadow *shadow = shadow_take(arena);
    struct held_pin made = {NULL, shadow, 0, false};

    if (!shadow)
        return;
    if (!acquire(actor, arena, &made)) {
        shadow_give(arena, shadow);
        return;
    }
    shadow_set(shadow, made.ts, made.ts, roster_pin_id(made.pin));
    verify(arena, &made);
    count(&actor->tally.pins);
    pthread_mutex_lock(&arena->hand_over);
    held[arena->number][n_held[arena->number]++] = made;
    pthread_mutex_unlock(&arena->hand_over);
    if (arena->brief)
        unpin_once(actor, arena);
}

static bool held_take(struct arena *arena, uint64_t random, struct held_pin *pin)
{
    struct held_pin *list = held[arena->number];
    unsigned *n = &n_held[arena->number];
    bool any;

    pthread_mutex_lock(&arena->hand_over);
    any = *n > 0;
    if (any) {
        unsigned which = (unsigned)(random % *n);

        *pin = list[which];
        list[which] = list[--*n];
    }
    pthread_mutex_unlock(&arena->hand_over);
    return any;
}

static bool release(struct arena *arena, uint64_t random)
{
    struct held_pin pin;
    int err;

    if (!held_take(arena, random, &pin))
        return false;
    verify(arena, &pin);
    shadow_clear(pin.shadow);
    err = roster_pin_release(pin.pin);
    require("G7", err == 0, "roster_pin_release(): error %d", err);
    shadow_give(arena, pin.shadow);
    return true;
}

void unpin_once(struct actor *actor, struct arena *arena)
{
    release(arena, rng_next(&actor->rng));
}

void unpin_all(struct arena *arena)
{
    while (release(arena, 0))
        ;
}
