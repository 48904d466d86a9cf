/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a request to the status endpoint asks for behind the question mark: the first byte says for
 * what, the rest is NAME=VALUE&NAME... as libmicrohttpd would hand it over.
 */
#include "fuzz.h"
#include "status/query.h"

#include <string.h>

static char *arguments;

/* In the place of libmicrohttpd's. */
int MHD_get_connection_values(struct MHD_Connection *connection, enum MHD_ValueKind kind,
                              MHD_KeyValueIterator each, void *arg)
{
    char *rest = arguments, *name;
    int n = 0;

    (void)connection;
    while ((name = strsep(&rest, "&"))) {
        char *value = name;

        name = strsep(&value, "=");
        n++;
        if (each(arg, kind, name, value) == MHD_NO)
            break;
    }
    return n;
}

unsigned rst_status_request_fail(struct request *request, unsigned status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(request->error, sizeof(request->error), format, args);
    va_end(args);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request = {.error = ""};
    struct query query;
    unsigned status;

    if (size < 1)
        return 0;
    arguments = malloc(size);
    if (!arguments)
        return 0;
    memcpy(arguments, data + 1, size - 1);
    arguments[size - 1] = '\0';
    status = rst_status_query_parse(&request, data[0] % 4, data[0] & 4 ? LIST_TXNS : LIST_SESSIONS,
                                    &query);
    fuzz_require(status == 0 || (status == MHD_HTTP_BAD_REQUEST && request.error[0] != '\0'),
                 "status %u", status);
    fuzz_require(status != 0 || query.limit > 0, "a limit of 0");
    free(arguments);
    return 0;
}
