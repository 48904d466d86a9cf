/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The format of timestamps in a store. */

#include "cluster/keys/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <roster/timestamp.h>
#include <stdio.h>

int rst_record_parse(struct roster_store_bytes bytes, uint64_t *ts)
{
    const unsigned char *digit = bytes.data;
    uint64_t value = 0;
    size_t i;

    if (bytes.size == 0 || bytes.size >= RECORD_SIZE || digit[0] == '0')
        return -EBADMSG;
    for (i = 0; i < bytes.size; i++) {
        if (digit[i] < '0' || digit[i] > '9')
            return -EBADMSG;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(digit[i] - '0'), &value))
            return -EBADMSG;
    }
    if (value == ROSTER_TS_MAX)
        return -EBADMSG;
    *ts = value;
    return 0;
}

struct roster_store_bytes rst_record_format(uint64_t ts, char text[RECORD_SIZE])
{
    struct roster_store_bytes bytes = {text, 0};

    bytes.size = (size_t)snprintf(text, RECORD_SIZE, "%" PRIu64, ts);
    return bytes;
}

int rst_record_of(const struct roster_store_range *range, uint64_t *ts)
{
    return range->count == 0 ? -ENOENT : rst_record_parse(range->kvs[0].value, ts);
}

int rst_record_or_none(const struct roster_store_range *range, uint64_t *ts)
{
    *ts = 0;
    return range->count == 0 ? 0 : rst_record_of(range, ts);
}

int64_t rst_record_revision(const struct roster_store_range *range)
{
    return range->count == 0 ? 0 : range->kvs[0].mod_revision;
}
