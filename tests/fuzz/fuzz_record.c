/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Timestamps as they stand in a store, base64, and connection ids: what is accepted must come out
 * the same when it is written again.
 */
#include "config.h"

#include "cluster/record.h"
#include "cluster/store_base64.h"
#include "fuzz.h"

#include <roster/conn_id.h>
#include <string.h>

static void record(struct roster_store_bytes bytes)
{
    char text[RECORD_SIZE];
    uint64_t ts;

    if (record_parse(bytes, &ts) != 0)
        return;
    fuzz_require(ts > 0 && ts < UINT64_MAX, "a record of %llu", (unsigned long long)ts);
    record_format(ts, text);
    fuzz_require(strlen(text) == bytes.size && memcmp(text, bytes.data, bytes.size) == 0,
                 "\"%.*s\" was taken for %s", (int)bytes.size, (const char *)bytes.data, text);
}

static void base64(const char *text, size_t size)
{
    size_t most = store_base64_decoded_size(size), length = 0;
    char *bytes = malloc(most + 1), *again = malloc(size + 8);

    if (bytes && again && store_base64_decode(text, size, bytes, &length) == 0) {
        fuzz_require(length <= most, "%zu bytes of %zu", length, most);
        fuzz_require(store_base64_encoded_size(length) == size, "another length");
        store_base64_encode(bytes, length, again);
        fuzz_require(memcmp(again, text, size) == 0, "another text");
    }
    free(bytes);
    free(again);
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
    base64((const char *)data, size);
    conn_id(data, size);
    return 0;
}
