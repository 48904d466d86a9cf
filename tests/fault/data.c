/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "data.h"

#include "log.h"

#include <stdio.h>

struct data *data_open(const char *dir)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/data", dir);
    return map_file(path, sizeof(struct data));
}

uint64_t data_read(struct data *data, uint32_t key, uint64_t ts)
{
    uint64_t newest = 0, version;

    for (unsigned i = 0; i < DATA_VERSIONS; i++) {
        version = atomic_load(&data->versions[key][i]);
        if (version <= ts && version > newest)
            newest = version;
    }
    return newest;
}

_Atomic uint64_t *data_place(struct data *data, uint32_t key)
{
    for (unsigned i = 0; i < DATA_VERSIONS; i++)
        if (atomic_load(&data->versions[key][i]) == 0)
            return &data->versions[key][i];
    return NULL;
}

/* The newest version below the limit, or NULL. */
static _Atomic uint64_t *newest_below(struct data *data, uint32_t key, uint64_t limit)
{
    _Atomic uint64_t *newest = NULL;
    uint64_t most = 0, version;

    for (unsigned i = 0; i < DATA_VERSIONS; i++) {
        version = atomic_load(&data->versions[key][i]);
        if (version < limit && version > most) {
            most = version;
            newest = &data->versions[key][i];
        }
    }
    return newest;
}

uint64_t data_collect(struct data *data, uint32_t key, uint64_t safe_point)
{
    uint64_t kept = data_read(data, key, safe_point), count = 0;
    _Atomic uint64_t *version;

    while ((version = newest_below(data, key, kept)) != NULL) {
        atomic_store(version, 0);
        count++;
    }
    return count;
}
