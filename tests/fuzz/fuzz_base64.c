/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Base64: what is accepted must come out the same when it is written again.
 */
#include "fuzz.h"
#include "store/etcd/json.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    size_t most = store_base64_decoded_size(size), length = 0;
    char *bytes = malloc(most + 1), *again = malloc(size + 8);

    if (bytes && again && rst_store_base64_decode(text, size, bytes, &length) == 0) {
        fuzz_require(length <= most, "%zu bytes of %zu", length, most);
        fuzz_require(store_base64_encoded_size(length) == size, "another length");
        rst_store_base64_encode(bytes, length, again);
        fuzz_require(memcmp(again, text, size) == 0, "another text");
    }
    free(bytes);
    free(again);
    return 0;
}
