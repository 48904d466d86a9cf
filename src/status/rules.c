/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What HTTP demands of a request (RFC 9110, RFC 9112), as far as libmicrohttpd leaves it to the
 * application or its versions differ: what two readers might understand differently is refused, and
 * the connection is closed where it is not certain where the next request begins.
 */
#include "status/status.h"

#include "core/base/ascii.h"

#include <string.h>

/* The names that libmicrohttpd has for them differ by version. */
#define HTTP_TOO_LARGE 413
#define HTTP_VERSION_UNKNOWN 505

static int hex_digit(char digit)
{
    digit = ascii_lower(digit);
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                          : -1;
}

/*
 * Decodes %XX in place. %00 would end the text for code that reads it as a C string, so that what
 * is compared is not what was sent; it makes the request malformed, and so does a % without digits.
 */
size_t rst_status_rules_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
    struct peer *peer = rst_status_peer(connection);
    const char *from = text;
    char *to = text;
    int high, low;

    (void)cls;
    while (*from) {
        if (*from != '%') {
            *to++ = *from++;
            continue;
        }
        high = hex_digit(from[1]);
        low = high < 0 ? -1 : hex_digit(from[2]);
        if (low < 0 || !(high | low)) {
            if (peer)
                peer->malformed = "the address has a malformed percent-encoding, or a NUL in one";
            break;
        }
        *to++ = (char)(high << 4 | low);
        from += 3;
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* The target as it was sent, before anything is decoded: what is to be encoded there and is not has
 * a meaning for another reader, or none. */
void *rst_status_rules_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    struct peer *peer = rst_status_peer(connection);
    const char *at;

    (void)cls;
    for (at = target; (unsigned char)*at > ' ' && *at != 0x7f && *at != '#'; at++)
        ;
    if (peer && *target != '/')
        peer->malformed = "the address does not begin with /";
    else if (peer && *at)
        peer->malformed = "the address has a byte that has to be percent-encoded";
    return NULL;
}

/* Blanks around a value are not part of it; those behind it are left by libmicrohttpd. */
size_t rst_status_rules_length(const char *value)
{
    size_t length = strlen(value);

    while (length && (value[length - 1] == ' ' || value[length - 1] == '\t'))
        length--;
    return length;
}

/* What the headers hold of what matters here. */
struct headers {
    unsigned hosts, lengths, encodings, tokens, origins, sites;
    const char *length;
    bool malformed, expects; /* something else than 100-continue */
};

/* Older versions of libmicrohttpd put a line that goes on with the header before behind its name:
 * what says where the body ends would become an unknown one. */
static bool hides(const char *name, size_t length, const char *header)
{
    size_t whole = strlen(header);

    return length > whole && ascii_same(name, header, whole);
}

static enum MHD_Result each(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct headers *headers = arg;
    size_t length = strlen(name), n;

    (void)kind;
    value = value ? value : "";
    for (n = 0; n < length; n++)
        headers->malformed |= !ascii_is_token(name[n]);
    for (n = 0; value[n]; n++)
        headers->malformed |=
            ((unsigned char)value[n] < ' ' && value[n] != '\t') || value[n] == 0x7f;
    headers->malformed |= !length || hides(name, length, MHD_HTTP_HEADER_CONTENT_LENGTH) ||
                          hides(name, length, MHD_HTTP_HEADER_TRANSFER_ENCODING);
    if (ascii_is(name, length, MHD_HTTP_HEADER_HOST))
        headers->hosts++;
    if (ascii_is(name, length, MHD_HTTP_HEADER_TRANSFER_ENCODING))
        headers->encodings++;
    if (ascii_is(name, length, MHD_HTTP_HEADER_AUTHORIZATION))
        headers->tokens++;
    if (ascii_is(name, length, MHD_HTTP_HEADER_ORIGIN))
        headers->origins++;
    if (ascii_is(name, length, "Sec-Fetch-Site"))
        headers->sites++;
    if (ascii_is(name, length, MHD_HTTP_HEADER_EXPECT))
        headers->expects |= !ascii_is(value, rst_status_rules_length(value), "100-continue");
    if (ascii_is(name, length, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
        headers->lengths++;
        headers->length = value;
    }
    return MHD_YES;
}

static unsigned bad(struct request *request, const char *what)
{
    request->close = true;
    return rst_status_request_fail(request, MHD_HTTP_BAD_REQUEST, "%s", what);
}

/* Where the body ends, and so the request: RFC 9112, 6.3. There is none here. */
static unsigned check_body(struct request *request, const struct headers *headers, bool is_1_1)
{
    if (headers->lengths > 1)
        return bad(request, "there is more than one Content-Length");
    if (headers->lengths && headers->encodings)
        return bad(request, "there are both Content-Length and Transfer-Encoding");
    if (headers->encodings && !is_1_1)
        return bad(request, "Transfer-Encoding needs HTTP/1.1");
    if (headers->lengths &&
        (!*headers->length || headers->length[strspn(headers->length, "0123456789")]))
        return bad(request, "Content-Length is not a number");
    if (headers->encodings || (headers->lengths && headers->length[strspn(headers->length, "0")])) {
        request->close = true;
        return rst_status_request_fail(request, HTTP_TOO_LARGE,
                                       "a request must not have a body here");
    }
    return 0;
}

unsigned rst_status_rules_check(struct request *request, const char *method, const char *version)
{
    bool is_1_1 = !strcmp(version, "HTTP/1.1");
    struct headers headers = {0};
    unsigned status;
    size_t n;

    if (!is_1_1 && strcmp(version, "HTTP/1.0") != 0) {
        request->close = true;
        return rst_status_request_fail(request, HTTP_VERSION_UNKNOWN,
                                       "this version of HTTP is not supported");
    }
    for (n = 0; ascii_is_token(method[n]); n++)
        ;
    if (!n || method[n])
        return bad(request, "the method is malformed");
    if (request->peer->malformed)
        return bad(request, request->peer->malformed);
    MHD_get_connection_values(request->connection, MHD_HEADER_KIND, each, &headers);
    if (headers.malformed)
        return bad(request, "a header is malformed");
    if (headers.hosts > 1 || (is_1_1 && !headers.hosts))
        return bad(request, "one Host is needed");
    if (headers.tokens > 1)
        return bad(request, "there is more than one Authorization");
    if (headers.origins > 1 || headers.sites > 1)
        return bad(request, "there is more than one Origin or Sec-Fetch-Site");
    status = check_body(request, &headers, is_1_1);
    if (!status && headers.expects)
        status = rst_status_request_fail(request, MHD_HTTP_EXPECTATION_FAILED,
                                         "only 100-continue is expected");
    return status;
}

/* A page of another site may have its name resolve to this address, and then read what its visitors
 * may read here. Such a name is neither a number nor localhost. */
bool rst_status_rules_is_own_host(struct MHD_Connection *connection)
{
    const char *host =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
    size_t name, length = host ? rst_status_rules_length(host) : 0;

    if (!host)
        return true; /* no browser */
    if (ascii_starts(host, length, "localhost", 9))
        name = 9;
    else if (!strncmp(host, "[::1]", 5))
        name = 5;
    else
        name = strspn(host, "0123456789.");
    if (!name)
        return false;
    return name == length ||
           (host[name] == ':' && name + 1 + strspn(host + name + 1, "0123456789") == length);
}

static bool is_any(const char *value)
{
    return *value == '*' && rst_status_rules_length(value) == 1;
}

/* RFC 9110, 13: nothing here has an entity tag or a time of change, so that of all conditions
 * only these two can be false, and then nothing is done. */
unsigned rst_status_rules_condition(struct request *request, bool reads)
{
    const char *match =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_MATCH);
    const char *none = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_IF_NONE_MATCH);

    if (match && !is_any(match))
        return rst_status_request_fail(request, MHD_HTTP_PRECONDITION_FAILED,
                                       "nothing here has an entity tag");
    if (none && is_any(none))
        return rst_status_request_fail(
            request, reads ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_PRECONDITION_FAILED, "it is there");
    return 0;
}
