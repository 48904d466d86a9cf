/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Timestamps as they stand in a store, and connection ids: what is accepted must come out the same
 * when it is written again.
 */
#include "cluster/keys/keys.h"
#include "fuzz.h"

#include <roster/conn_id.h>
#include <string.h>

static void record(struct roster_store_bytes bytes)
{
    char text[RECORD_SIZE];
    uint64_t ts;

    if (rst_record_parse(bytes, &ts) != 0)
        return;
    fuzz_require(ts > 0 && ts < UINT64_MAX, "a record of %llu", (unsigned long long)ts);
    rst_record_format(ts, text);
    fuzz_require(strlen(text) == bytes.size && memcmp(text, bytes.data, bytes.size) == 0,
                 "\"%.*s\" was taken for %s", (int)bytes.size, (const char *)bytes.data, text);
}

static void conn_id(const uint8_t *data, size_t size)
{
    struct roster_conn_id parts;
    uint64_t id = 0, again = 0;

    memcpy(&id, data, size < sizeof(id) ? size : sizeof(id));
    if (roster_conn_id_parse(id, &parts) != 0)
        return;
    if (parts.width == 64 && parts.server == 0) /* taken apart, but never given out */
        return;
    fuzz_require(roster_conn_id_compose(&parts, &again) == 0 && again == id, "%llx became %llx",
                 (unsigned long long)id, (unsigned long long)again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct roster_store_bytes bytes = {data, size};

    record(bytes);
    conn_id(data, size);
    return 0;
}
