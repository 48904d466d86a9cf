/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Accept: each line of the input is a header of that name. What a range says is a weight of 0 to
 * 1000, or nothing.
 */
#include "fuzz.h"
#include "status/status.h"

#include <string.h>

static char *headers;

/* In the place of libmicrohttpd's. */
int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                              MHD_KeyValueIterator each, void *arg)
{
    char *rest = headers, *value;
    int n = 0;

    (void)connection;
    while ((value = strsep(&rest, "\n"))) {
        n++;
        if (each(arg, kind, MHD_HTTP_HEADER_ACCEPT, value) == MHD_NO)
            break;
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int quality;

    headers = malloc(size + 1);
    if (!headers)
        return 0;
    memcpy(headers, data, size);
    headers[size] = '\0';
    quality = rst_accept_quality(NULL, "text/plain", "0.0.4");
    fuzz_require(quality >= -1 && quality <= 1000, "a weight of %d", quality);
    free(headers);
    return 0;
}
