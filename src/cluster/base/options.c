/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "cluster/base/options.h"

int options_copy(void *to, size_t ours, const void *from)
{
    const unsigned char *bytes = from;
    size_t theirs;

    memcpy(&theirs, from, sizeof(theirs));
    if (theirs < sizeof(theirs))
        return -EINVAL;
    for (size_t i = ours; i < theirs; i++)
        if (bytes[i] != 0)
            return -E2BIG;
    memset(to, 0, ours);
    memcpy(to, from, theirs < ours ? theirs : ours);
    memcpy(to, &ours, sizeof(ours));
    return 0;
}

int options_check_size(size_t theirs, size_t ours)
{
    if (theirs < ours)
        return -EINVAL;
    return theirs > ours ? -E2BIG : 0;
}
