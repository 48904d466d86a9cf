/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What clients of the example server send, in pieces: the first byte says how large.
 */
#include "fuzz.h"
#include "resp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT ((size_t)1 << 16)

static void check(const struct request *request)
{
    size_t bytes = 0;

    for (size_t n = 0; n < request->argc; n++) {
        fuzz_require(request->argv[n].data[request->argv[n].len] == '\0', "argument %zu", n);
        bytes += request->argv[n].len;
    }
    fuzz_require(bytes == request->bytes && bytes <= LIMIT, "%zu bytes, not %zu", bytes,
                 request->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request_reader reader = {.limit = LIMIT};
    struct request *request;
    size_t piece = size ? (size_t)data[0] + 1 : 1, at = 1;
    int found = 0;

    while (at < size && found >= 0) {
        size_t n = size - at < piece ? size - at : piece;

        if (request_feed(&reader, (const char *)data + at, n))
            break;
        at += n;
        while ((found = request_next(&reader, &request)) == 1) {
            check(request);
            free(request);
        }
        fuzz_require(found == 0 || (found == -EPROTO && reader.error), "%d", found);
    }
    buf_free(&reader.in);
    return 0;
}
