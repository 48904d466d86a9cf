/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A watchdog's records of sessions. Each walk writes a new table from the previous one, so obsolete
 * records disappear without a search.
 */
#include "core/operate/watchdog.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* The place of a session, or the free one where it would go. */
static struct rst_track *place_of(const struct rst_tracks *tracks, uint64_t session_id)
{
    /* Fibonacci hashing: neighbouring ids go far apart. */
    size_t n = (size_t)(session_id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (tracks->size - 1);

    while (tracks->places[n].session_id && tracks->places[n].session_id != session_id)
        n = (n + 1) & (tracks->size - 1);
    return &tracks->places[n];
}

const struct rst_track *rst_tracks_find(const struct rst_tracks *tracks, uint64_t session_id)
{
    const struct rst_track *place;

    if (!tracks->used)
        return NULL;
    place = place_of(tracks, session_id);
    return place->session_id ? place : NULL;
}

static bool grow(struct rst_tracks *tracks)
{
    struct rst_tracks grown = {NULL, tracks->size ? 2 * tracks->size : FIRST_SIZE, tracks->used};
    size_t n;

    grown.places = calloc(grown.size, sizeof(*grown.places));
    if (!grown.places)
        return false;
    for (n = 0; n < tracks->size; n++)
        if (tracks->places[n].session_id)
            *place_of(&grown, tracks->places[n].session_id) = tracks->places[n];
    free(tracks->places);
    *tracks = grown;
    return true;
}

struct rst_track *rst_tracks_add(struct rst_tracks *tracks, uint64_t session_id,
                                 const struct rst_track *old)
{
    struct rst_track *place;

    if (2 * (tracks->used + 1) > tracks->size && !grow(tracks))
        return NULL;
    place = place_of(tracks, session_id);
    if (!place->session_id) {
        tracks->used++;
        if (old)
            *place = *old;
        place->session_id = session_id;
    }
    return place;
}

void rst_tracks_clear(struct rst_tracks *tracks)
{
    if (tracks->used)
        memset(tracks->places, 0, tracks->size * sizeof(*tracks->places));
    tracks->used = 0;
}
