/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "fake_answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char put_done[] =
    "{" FAKE_HEADER ",\"succeeded\":true,\"responses\":[{\"response_put\":{}}]}";

/* The id that a request about a lease names. */
static long long lease_id(const struct fake_request *request)
{
    const char *id = strstr(request->body, "\"ID\":\"");

    return id != NULL ? strtoll(id + 6, NULL, 10) : 0;
}

void fake_work(struct fake_request *request)
{
    char body[256];

    if (fake_is(request, "/v3/kv/txn")) {
        fake_reply(request, 200, put_done);
    } else if (fake_is(request, "/v3/lease/keepalive")) {
        snprintf(body, sizeof(body),
                 "{\"result\":{" FAKE_HEADER ",\"ID\":\"%lld\",\"TTL\":\"9\"}}\n",
                 lease_id(request));
        fake_reply(request, 200, body);
    } else if (fake_is(request, "/v3/lease/grant")) {
        snprintf(body, sizeof(body), "{" FAKE_HEADER ",\"ID\":\"%lld\",\"TTL\":\"9\"}",
                 lease_id(request));
        fake_reply(request, 200, body);
    } else {
        fake_reply(request, 200, "{" FAKE_HEADER "}");
    }
}

void fake_say_text(struct fake_request *request)
{
    fake_reply(request, 200, request->gateway->arg);
}

void fake_say_no_leader(struct fake_request *request)
{
    fake_reply(request, 503, "{\"message\":\"etcdserver: no leader\",\"code\":14}");
}

void fake_hang(struct fake_request *request)
{
    fake_linger(request, 20000);
    request->close = true;
}
