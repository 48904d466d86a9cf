/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What textbook.c and ck.c have in common: each session points to an immutable view, which its
 * owner replaces and retires. They define the functions declared here behind it; ck.c defines
 * VIEWS_BY_CK before it.
 */
#pragma once

#include "engine.h"
#include "strings.h"

#ifdef VIEWS_BY_CK
#include <ck_epoch.h>
#include <ck_pr.h>
#else
#include <urcu-bp.h>
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What an object needs to be freed later; how a view is published and seen. */
#ifdef VIEWS_BY_CK
typedef ck_epoch_entry_t retirement;
#define PUBLISH(place, view) (ck_pr_fence_store(), ck_pr_store_ptr(&(place), view))
#define VIEW_IN(place) ((const struct view *)ck_pr_load_ptr(&(place)))
#define GET(place) ck_pr_load_64(&(place))
#define SET(place, value) ck_pr_store_64(&(place), value)
#define FULL_FENCE() ck_pr_fence_memory()
#else
typedef struct rcu_head retirement;
#define PUBLISH(place, view) rcu_assign_pointer(place, view)
#define VIEW_IN(place) rcu_dereference(place)
#define GET(place) uatomic_read(&(place))
#define SET(place, value) uatomic_set(&(place), value)
#define FULL_FENCE() cmm_smp_mb()
#endif

struct text {
    retirement retirement; /* first: callbacks free it by this address */
    uint32_t length;
    char bytes[];
};

struct view {
    retirement retirement; /* first */
    uint64_t start_ts;
    uint64_t since;
    uint32_t state;
    struct text *text;
};

/* The part of a session that the engine's callers have. */
struct shown {
    uint64_t id;
    struct view *view;
    struct who_strings who;
};

static struct oracle *oracle_of(void *world);
/* Frees the object that begins there once no reader can see it. */
static void retire(void *world, retirement *object);

static struct view *view_new(uint64_t start_ts, uint32_t state, struct text *text)
{
    struct view *view = malloc(sizeof(*view));

    if (view) {
        view->start_ts = start_ts;
        view->since = engine_since();
        view->state = state;
        view->text = text;
    }
    return view;
}

static int replace_view(void *world, struct shown *shown, struct view *view)
{
    struct view *old = shown->view;

    if (!view)
        return -ENOMEM;
    PUBLISH(shown->view, view);
    retire(world, &old->retirement);
    return 0;
}

/*
 * The view is published before its timestamp is known, so it says "at least 1" and pins everything
 * until the one store that completes it.
 */
static int begin(void *world, void *session, uint64_t *start_ts)
{
    struct shown *shown = session;
    struct view *view = view_new(1, 1, shown->view->text);
    int err = replace_view(world, shown, view);

    if (err)
        return err;
    FULL_FENCE(); /* a scan that does not see the view has asked for its now before */
    *start_ts = oracle_start_ts(oracle_of(world));
    SET(view->start_ts, *start_ts);
    return 0;
}

static int end(void *world, void *session)
{
    struct shown *shown = session;

    return replace_view(world, shown, view_new(0, 0, shown->view->text));
}

static int stmt_begin(void *world, void *session, const char *bytes, size_t length)
{
    struct shown *shown = session;
    struct text *text = malloc(sizeof(*text) + length);
    int err;

    if (!text)
        return -ENOMEM;
    text->length = (uint32_t)length;
    memcpy(text->bytes, bytes, length);
    err = replace_view(world, shown, view_new(shown->view->start_ts, shown->view->state, text));
    if (err)
        free(text);
    return err;
}

static int stmt_end(void *world, void *session)
{
    struct shown *shown = session;
    struct text *text = shown->view->text;
    int err = replace_view(world, shown, view_new(shown->view->start_ts, shown->view->state, NULL));

    if (!err)
        retire(world, &text->retirement);
    return err;
}

/* Inside a reader's section, as the next. */
static void read_shown(const struct shown *shown, struct reading *reading)
{
    const struct view *view = VIEW_IN(shown->view);
    const struct text *text = view->text;
    struct facts facts = {.id = shown->id,
                          .start_ts = GET(view->start_ts),
                          .since = view->since,
                          .state = view->state,
                          .text_length = text ? text->length : 0,
                          .text = text ? text->bytes : NULL,
                          .who = who_of(&shown->who)};

    read_facts(reading, &facts);
}

static uint64_t older(uint64_t min, const struct shown *shown)
{
    uint64_t start_ts = GET(VIEW_IN(shown->view)->start_ts);

    return start_ts && start_ts < min ? start_ts : min;
}
