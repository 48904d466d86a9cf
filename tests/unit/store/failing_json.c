/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "failing_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

static unsigned countdown; /* to the one that fails; 0: none */
static bool continues, failed;

static void *failing_malloc(size_t size)
{
    if (countdown && --countdown == 0) {
        failed = true;
        countdown = continues;
        errno = ENOMEM;
        return NULL;
    }
    return malloc(size);
}

void failing_json_nth(unsigned n, bool goes_on)
{
    continues = goes_on;
    failed = false;
    countdown = n;
    json_set_alloc_funcs(failing_malloc, free);
}

bool failing_json_none(void)
{
    countdown = 0;
    json_set_alloc_funcs(malloc, free);
    return failed;
}
