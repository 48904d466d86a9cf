/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The engines of this build.
 */
#include "config.h"

#include "engine.h"

#include <string.h>

uint64_t engine_coarse_clock = 1;

const struct engine *const engines[] = {
    &engine_roster,     &engine_roster_copy,      &engine_roster_again,
#ifdef HAVE_RENDERED
    &engine_dense,      &engine_textbook,         &engine_textbook_free,
#endif
#ifdef HAVE_GLIB
    &engine_rwlock,     &engine_rwlock_id,        &engine_one_mutex,
    &engine_sharded,    &engine_pointers,
#endif
#ifdef HAVE_CK
    &engine_ck,
#endif
#ifdef HAVE_LMDB
    &engine_lmdb,
#endif
#ifdef HAVE_WIREDTIGER
    &engine_wiredtiger, &engine_wiredtiger_plain,
#endif
#ifdef HAVE_TBB
    &engine_tbb,
#endif
#ifdef HAVE_CUCKOO
    &engine_cuckoo,
#endif
};
const size_t n_engines = sizeof(engines) / sizeof(*engines);

const struct engine *engine_find(const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < n_engines; i++)
        if (strlen(engines[i]->name) == length && !strncmp(engines[i]->name, name, length))
            return engines[i];
    return NULL;
}
