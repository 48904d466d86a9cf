/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What could not be mirrored is counted.
 */
#include "mariadb/mirror.h"

#include <errno.h>
#include <stdatomic.h>

static atomic_uint_least64_t errors;

void rst_mdb_note(int err)
{
    if (err < 0 && err != -ECANCELED)
        atomic_fetch_add(&errors, 1);
}

uint64_t rst_mdb_errors(void)
{
    return atomic_load(&errors);
}
