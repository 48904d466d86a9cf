/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What HTTP demands (RFC 9110, RFC 9112): requests that two readers might understand differently
 * are refused, and the format of /metrics is the one that is asked for.
 */
#include "client.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS "Host: 127.0.0.1\r\n"
#define HOST "Connection: close\r\n" ADDRESS
#define TOKEN "Authorization: Bearer s3cret\r\n"

static struct fixture fixture;
static struct roster_session *session;

static void start(void)
{
    memset(&fixture, 0, sizeof(fixture));
    fixture.options.token = "s3cret";
    fixture_start(&fixture);
    session = fixture_open(&fixture, "victim");
}

static void stop(void)
{
    cr_assert_eq(roster_session_close(session), 0);
    fixture_stop(&fixture);
}

TestSuite(status_rules, .init = start, .fini = stop);

/* The HTTP status of the first answer; 0 when there was none. */
static long status_of(const char *request, size_t length, unsigned *answers)
{
    static char text[1 << 16];
    const char *at = text;

    speak(&fixture, request, length, text, sizeof(text));
    /* A page of libmicrohttpd's own may have the words, but no status behind them. */
    for (*answers = 0; (at = strstr(at, "HTTP/1.1 ")); at++)
        *answers += isdigit((unsigned char)at[strlen("HTTP/1.1 ")]) != 0;
    return strncmp(text, "HTTP/1.", 7) ? 0 : strtol(text + 9, NULL, 10);
}

#define REQUEST(status, text)                                                                      \
    {                                                                                              \
        text, sizeof(text) - 1, status                                                             \
    }

static const struct {
    const char *text;
    size_t length;
    long status;
} requests[] = {
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(200, "GET /status HTTP/1.0\r\n\r\n"),
    REQUEST(200, "GET /%73tatus HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(200, "HEAD /status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(200, "GET /processlist?user=a%20b+c HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
    /* versions and methods */
    REQUEST(505, "GET /status HTTP/1.2\r\n" HOST "\r\n"),
    REQUEST(505, "GET /status HTTP/2.0\r\n" HOST "\r\n"),
    REQUEST(405, "OPTIONS /status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(405, "TRACE /status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(405, "get /status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "G{T /status HTTP/1.1\r\n" HOST "\r\n"),
    /* the target */
    REQUEST(400, "GET /status%00 HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /status%00x HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /%zz HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /status% HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /status%4 HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?user=victim%00x HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?us%00er=victim HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?user=%zz HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET http://127.0.0.1/status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET status HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET * HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET %2fstatus HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /status#x HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /sta\x01tus HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(404, "GET /%2573tatus HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?limit=1&%6cimit=2 HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?limit=1&limit=2 HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?full&full HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /processlist?limit=1000001 HTTP/1.1\r\n" HOST "\r\n"),
    REQUEST(400, "GET /metrics?x=1 HTTP/1.1\r\n" HOST "\r\n"),
    /* one Host, and not that of another site */
    REQUEST(400, "GET /status HTTP/1.1\r\n\r\n"),
    REQUEST(400, "GET /status HTTP/1.1\r\n" ADDRESS HOST "\r\n"),
    REQUEST(400, "GET /status HTTP/1.0\r\n" HOST "Host: evil.example\r\n\r\n"),
    REQUEST(403, "GET /status HTTP/1.1\r\nConnection: close\r\nHost: evil.example\r\n\r\n"),
    REQUEST(403,
            "GET /status HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1.evil.example\r\n\r\n"),
    REQUEST(403, "GET /status HTTP/1.1\r\nConnection: close\r\nHost: [::1].evil.example\r\n\r\n"),
    REQUEST(403,
            "GET /status HTTP/1.1\r\nConnection: close\r\nHost: localhost:80@evil.example\r\n\r\n"),
    REQUEST(403,
            "GET /status HTTP/1.1\r\nConnection: close\r\nHost: evil.example:127.0.0.1\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\nConnection: close\r\nHost: LocalHost:1234\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\nConnection: close\r\nHost: [::1]:1234\r\n\r\n"),
    /* where the request ends */
    REQUEST(400, "GET /status HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 0\r\n\r\n"),
    REQUEST(400, "GET /status HTTP/1.1\r\n" HOST "Content-Length: 0\r\nContent-Length: 9\r\n\r\n"),
    REQUEST(400, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN
                 "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REQUEST(400, "POST /kill?id=1 HTTP/1.0\r\n" HOST TOKEN
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REQUEST(413, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REQUEST(413, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN "Content-Length: 999999999\r\n\r\n"),
    REQUEST(413, "GET /status HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nabcd"),
    REQUEST(400, "GET /status HTTP/1.1\r\n" HOST "Content-Length : 4\r\n\r\nabcd"),
    /* headers */
    REQUEST(400, "GET /status HTTP/1.1\r\n" HOST TOKEN TOKEN "\r\n"),
    REQUEST(400, "GET /status HTTP/1.1\r\n" HOST "X: a\x01z\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\nConnection: close\r\nHost: \tlocalhost:1 \t\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.0\r\nExpect: 100-Continue \r\n\r\n"),
    REQUEST(400, "GET /status HTTP/1.1\r\n" HOST "X Y: z\r\n\r\n"),
    REQUEST(417, "GET /status HTTP/1.1\r\n" HOST "Expect: a miracle\r\n\r\n"),
    REQUEST(417,
            "GET /status HTTP/1.1\r\n" HOST "Expect: a miracle\r\nExpect: 100-continue\r\n\r\n"),
    REQUEST(400, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN
                 "Origin: http://127.0.0.1\r\norigin: http://evil.example\r\n\r\n"),
    REQUEST(400, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN
                 "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization: Bearer s3cre\r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization: Bearer \r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization: Basic s3cret\r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "X-Authorization: Bearer s3cret\r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization: Bearer s3cret x\r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization: Bearers3cret\r\n\r\n"),
    REQUEST(404, "POST /kill?id=9 HTTP/1.1\r\n" HOST "authorization: bearer s3cret \r\n\r\n"),
    /* conditions: there is no entity tag and no time of change */
    REQUEST(412, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN "If-Match: \"x\"\r\n\r\n"),
    REQUEST(412, "POST /kill?id=1 HTTP/1.1\r\n" HOST TOKEN "If-None-Match: *\r\n\r\n"),
    REQUEST(404, "POST /kill?id=9 HTTP/1.1\r\n" HOST TOKEN "If-Match: *\r\n\r\n"),
    REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "If-Match: \"x\"\r\n\r\n"),
    REQUEST(404, "GET /none HTTP/1.1\r\n" HOST "If-Match: \"x\"\r\n\r\n"),
    REQUEST(412, "GET /status HTTP/1.1\r\n" HOST "If-Match: W/\"x\"\r\n\r\n"),
    REQUEST(304, "GET /status HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n"),
    REQUEST(304, "HEAD /status HTTP/1.1\r\n" HOST "If-None-Match: *\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "If-None-Match: \"x\"\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST
                 "If-Modified-Since: Tue, 01 Jan 2036 00:00:00 GMT\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "Range: bytes=0-0\r\nIf-Range: \"x\"\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "Accept-Encoding: br;q=1, gzip\r\n\r\n"),
    REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "Upgrade: h2c\r\n\r\n"),
};

/* See doc/defaults.md: libmicrohttpd 1.0 refuses a NUL, older ones end the line there. */
Test(status_rules, a_nul_in_a_header_is_refused_or_ends_its_line)
{
    static const struct {
        const char *text;
        size_t length;
        long cut;
    } with_nul[] = {
        REQUEST(200, "GET /status HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"),
        REQUEST(
            200,
            "GET /status HTTP/1.1\r\nConnection: close\r\nHost: localhost\0.evil.example\r\n\r\n"),
        REQUEST(
            403,
            "GET /status HTTP/1.1\r\nConnection: close\r\nHost: evil.example\0localhost\r\n\r\n"),
        REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization: Bearer \0s3cret\r\n\r\n"),
        REQUEST(401, "POST /kill?id=1 HTTP/1.1\r\n" HOST "Authorization\0: Bearer s3cret\r\n\r\n"),
    };
    bool refuses = false;
    unsigned answers;
    size_t n;

    for (n = 0; n < sizeof(with_nul) / sizeof(with_nul[0]); n++) {
        long status = status_of(with_nul[n].text, with_nul[n].length, &answers);

        if (!n)
            refuses = status == 400;
        cr_expect(status == (refuses ? 400 : with_nul[n].cut) || status == 400, "request %zu: %ld",
                  n, status);
    }
}

/* RFC 9112, 3.2: 400, as here, or 301 to the target as it should be, as libmicrohttpd 1.0 has it.
 */
Test(status_rules, a_blank_in_a_target_is_refused_or_encoded)
{
    static const char request[] = "GET /status  HTTP/1.1\r\n" HOST "\r\n";
    unsigned answers;
    long status = status_of(request, sizeof(request) - 1, &answers);

    cr_expect(status == 400 || status == 301, "%ld", status);
    cr_expect_eq(answers, 1);
}

Test(status_rules, requests_are_served_or_refused)
{
    unsigned answers;
    long status;
    size_t n;

    for (n = 0; n < sizeof(requests) / sizeof(*requests); n++) {
        status = status_of(requests[n].text, requests[n].length, &answers);
        cr_expect_eq(status, requests[n].status, "%ld, should be %ld: %s", status,
                     requests[n].status, requests[n].text);
        cr_expect_eq(answers, 1, "%u answers: %s", answers, requests[n].text);
    }
    cr_expect_eq(roster_killed(session), 0);
}

/* What follows a request whose end is not certain is not taken for another one. */
Test(status_rules, nothing_is_smuggled_behind_a_request)
{
    static const char *const first[] = {
        "POST /kill?id=9 HTTP/1.1\r\n" ADDRESS TOKEN
        "Content-Length: 0\r\nContent-Length: 70\r\n\r\n",
        "POST /kill?id=9 HTTP/1.1\r\n" ADDRESS TOKEN
        "Content-Length: 70\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /kill?id=9 HTTP/1.1\r\n" ADDRESS TOKEN "Content-Length : 70\r\n\r\n",
        "POST /kill?id=9 HTTP/1.1\r\n" ADDRESS TOKEN "Content-Length: 70\r\n\r\n",
        "POST /kill?id=9 HTTP/1.1\r\n" ADDRESS TOKEN "Content-Length: 7\r\n 0\r\n\r\n",
        "POST /kill?id=9 HTTP/1.1\r\n" ADDRESS TOKEN "Transfer-Encoding: chunked\r\n\tx\r\n\r\n",
    };
    char request[1024];
    unsigned answers;
    size_t n;

    for (n = 0; n < sizeof(first) / sizeof(*first); n++) {
        int length = snprintf(request, sizeof(request),
                              "%sPOST /kill?id=1 HTTP/1.1\r\n" ADDRESS TOKEN "\r\n", first[n]);

        (void)status_of(request, (size_t)length, &answers);
        cr_expect_eq(answers, 1, "%u answers: %s", answers, first[n]);
        cr_expect_eq(roster_killed(session), 0, "%s", first[n]);
    }
}

/* A header that goes on in the next line is refused, or part of the one before: it is never another
 * one, nor hides one that says where the request ends. */
Test(status_rules, a_header_that_is_folded_is_refused_or_one)
{
    static const char *const folded[] = {
        "POST /kill?id=9 HTTP/1.1\r\n" HOST "Authorization: Basic\r\n Bearer s3cret\r\n\r\n",
        "POST /kill?id=9 HTTP/1.1\r\n" HOST "Authorization:\r\n x Bearer s3cret\r\n\r\n",
        "GET /status HTTP/1.1\r\nConnection: close\r\nHost: evil\r\n localhost\r\n\r\n",
        "GET /status HTTP/1.1\r\nConnection: close\r\nHost: localhost\r\n\t.evil\r\n\r\n",
        "GET /status HTTP/1.1\r\n" HOST "Content-Length: 5\r\n 5\r\n\r\nabcde",
        "GET /status HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n x\r\n\r\n0\r\n\r\n",
        "GET /status HTTP/1.1\r\n Host: evil\r\n" HOST "\r\n",
    };
    unsigned answers;
    size_t n;

    for (n = 0; n < sizeof(folded) / sizeof(*folded); n++) {
        long status = status_of(folded[n], strlen(folded[n]), &answers);

        cr_expect(status == 0 || (status >= 400 && status < 404), "%ld: %s", status, folded[n]);
        cr_expect_leq(answers, 1, "%u answers: %s", answers, folded[n]);
    }
}

static const char *next_answer(const char *at, const char *status, bool has_body)
{
    const char *body = strstr(at, "\r\n\r\n");

    cr_assert(body && !strncmp(at, "HTTP/1.1 ", 9), "%s", at);
    cr_expect(!strncmp(at + 9, status, 3), "should be %s: %s", status, at);
    return has_body ? strchr(body, '}') + 1 : body + 4;
}

/* An answer to HEAD, and one that has no body, ends with its head: what follows is the next one. */
Test(status_rules, an_answer_without_a_body_has_none)
{
    static const char *const bodiless[] = {
        "HEAD /none HTTP/1.1\r\n" ADDRESS, "HEAD / HTTP/1.1\r\n" ADDRESS,
        "HEAD /metrics HTTP/1.1\r\n" ADDRESS, "HEAD /processlist HTTP/1.1\r\n" ADDRESS,
        "GET /status HTTP/1.1\r\n" ADDRESS "If-None-Match: *\r\n"};
    static const char *const statuses[] = {"404", "200", "200", "200", "304"};
    static char text[1 << 16];
    char request[512];
    size_t n;

    for (n = 0; n < sizeof(bodiless) / sizeof(*bodiless); n++) {
        int length = snprintf(request, sizeof(request),
                              "%s\r\nPOST /kill?id=1 HTTP/1.1\r\n" HOST "\r\n", bodiless[n]);
        const char *at;

        speak(&fixture, request, (size_t)length, text, sizeof(text));
        at = next_answer(text, statuses[n], false);
        if (!*at && strstr(text, "\r\nConnection: close\r\n"))
            continue;
        cr_expect(strstr(at, "\r\nWWW-Authenticate: Bearer realm="), "%s", at);
        cr_expect_str_eq(next_answer(at, "401", true), "");
    }
}

#define OM "application/openmetrics-text"

/* The format of /metrics for what is accepted: 'o', 't', or nothing at all. */
static const struct {
    const char *accept;
    char format;
} formats[] = {
    {NULL, 't'},
    {"Accept: */*", 't'},
    {"Accept: text/html", 't'},
    {"Accept: " OM, 'o'},
    {"Accept: Application/OpenMetrics-Text", 'o'},
    {"Accept: " OM "; version=1.0.0; charset=utf-8", 'o'},
    {"Accept: " OM "; version=\"1.0.0\"", 'o'},
    {"Accept: " OM "; version=0.0.1", 't'},
    {"Accept: " OM "; q=0", 't'},
    {"Accept: " OM ";q=0.000, text/plain", 't'},
    {"Accept: " OM "; q=0.3, text/plain; q=0.7", 't'},
    {"Accept: " OM "; q=0.7, text/plain; q=0.3", 'o'},
    {"Accept: text/plain;q=0.3," OM ";q=0.7", 'o'},
    {"Accept: " OM ";version=1.0.0," OM ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
     "*/*;q=0.1",
     'o'},
    {"Accept: " OM ";version=1.0.0;escaping=allow-utf-8;q=0.6," OM ";version=0.0.1;q=0.5,"
     "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,"
     "*/*;q=0.2",
     'o'},
    {"Accept: application/*", 'o'},
    {"Accept: application/*, " OM "; q=0", 't'},
    {"Accept: text/plain;q=0", 0},
    {"Accept: text/*;q=0", 0},
    {"Accept: */*;q=0", 0},
    {"Accept: text/plain;q=0, " OM ";q=0.001", 'o'},
    {"Accept: " OM "x", 't'},
    {"Accept: x" OM, 't'},
    {"Accept: text/plain; note=\"" OM "\"", 't'},
    {"Accept: " OM ";q=2, text/plain;q=0.1", 't'}, /* malformed, so it is not there */
    {"Accept: " OM ";q=0.1234, text/plain;q=0.1", 't'},
    {"Accept: , ," OM ", ", 'o'},
};

Test(status_rules, metrics_are_in_the_format_that_is_wanted)
{
    size_t n;

    for (n = 0; n < sizeof(formats) / sizeof(*formats); n++) {
        const char *const headers[] = {formats[n].accept ? formats[n].accept : "Accept:", NULL};
        struct reply reply = ask(&fixture, NULL, "/metrics", headers);
        char format = reply.status == 406 ? 0 : strstr(reply.type, OM) == reply.type ? 'o' : 't';

        cr_expect_eq(reply.status, formats[n].format ? 200 : 406, "%s: %ld", headers[0],
                     reply.status);
        cr_expect_eq(format, formats[n].format, "%s: %s", headers[0], reply.type);
        reply_free(&reply);
    }
}

/* Several lines of one header are one list. */
Test(status_rules, accept_may_have_several_lines)
{
    static const char *const lines[] = {"Accept: text/plain; q=0.1", "Accept: " OM, NULL};
    struct reply reply = ask(&fixture, NULL, "/metrics", lines);

    cr_expect(strstr(reply.type, OM) == reply.type, "%s", reply.type);
    reply_free(&reply);
}
