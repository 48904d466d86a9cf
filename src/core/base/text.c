/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Text from elsewhere, as it may be shown. */

#include "core/base/utf8.h"

#include <roster/text.h>
#include <stdbool.h>
#include <string.h>

#define HIDDEN "***"

size_t roster_text_show(const char *text, size_t length, char *to, size_t size)
{
    const char *end = text ? text + length : text;
    size_t used = 0, bytes;
    uint32_t point;

    if (size == 0)
        return 0;
    for (; text<end; text += bytes> 0 ? bytes : 1) {
        bytes = rst_utf8_next(text, (size_t)(end - text), &point);
        if (used + (bytes > 0 ? bytes : 1) >= size)
            break;
        if (bytes > 0 && !rst_utf8_steers(point)) {
            memmove(to + used, text, bytes);
            used += bytes;
        } else {
            to[used++] = point == '\n' || point == '\t' ? ' ' : '?';
        }
    }
    to[used] = '\0';
    return used;
}

/* What is being written, and where. */
struct output {
    char *to;
    size_t size;
    size_t used;
};

static void add(struct output *out, const char *text, size_t length)
{
    out->used += roster_text_show(text, length, out->to + out->used, out->size - out->used);
}

static void hide(struct output *out)
{
    add(out, HIDDEN, strlen(HIDDEN));
}

/* An absolute path may hold any of the characters that divide a URL. */
static bool is_path(const char *url)
{
    return (url[0] == '/' || strncmp(url, "sqlite:/", 8) == 0 || strncmp(url, "unix:/", 6) == 0) &&
           !strstr(url, "://");
}

/* Where the last user and password end: behind the last "@", also one that is percent-encoded. */
static const char *after_user(const char *url)
{
    const char *last = NULL;
    const char *at;

    for (at = url; *at != '\0'; at++) {
        if (*at == '@')
            last = at + 1;
        else if (at[0] == '%' && at[1] == '4' && at[2] == '0')
            last = at + 3;
    }
    return last;
}

/* Where the first one may begin: behind the scheme, and that of a store before it. */
static size_t scheme_length(const char *url)
{
    static const char *const schemes[] = {
        "etcd:", "sqlite:", "memory:", "unix:", "http:", "https:"};
    size_t length = 0, i = 0;

    while (i < sizeof(schemes) / sizeof(schemes[0])) {
        if (strncmp(url + length, schemes[i], strlen(schemes[i])) == 0) {
            length += strlen(schemes[i]);
            i = 0;
        } else {
            i++;
        }
    }
    return length + strspn(url + length, "/");
}

/* A colon divides host and port, or, where an "@" was forgotten, user and password. */
static void add_hosts(struct output *out, const char *text, size_t length)
{
    const char *end = text + length, *colon;
    bool bracketed = false;
    size_t rest;

    for (colon = text; colon < end; colon++) {
        bracketed = *colon == '[' || (bracketed && *colon != ']');
        rest = strcspn(colon + 1, ",/?#");
        if (*colon != ':' || bracketed || colon[1] == '/' ||
            strspn(colon + 1, "0123456789") >= rest)
            continue;
        add(out, text, (size_t)(colon + 1 - text));
        hide(out);
        text = colon + 1 + rest;
        colon = text - 1;
    }
    if (text < end)
        add(out, text, (size_t)(end - text));
}

size_t roster_text_redact(const char *url, char *to, size_t size)
{
    struct output out = {to, size, 0};
    const char *host, *extra;
    size_t scheme;
    bool hosts;

    if (!url)
        url = "";
    if (is_path(url))
        return roster_text_show(url, strlen(url), to, size);
    hosts = strncmp(url, "etcd:", 5) == 0;
    host = after_user(url);
    scheme = scheme_length(url);
    if (host && url + scheme < host) {
        add(&out, url, scheme);
        hide(&out);
        add(&out, "@", 1);
        url = host;
        scheme = 0;
    }
    extra = url + strcspn(url, "?#");
    add(&out, url, scheme);
    if (url + scheme < extra && (hosts || strstr(url, "//")))
        add_hosts(&out, url + scheme, (size_t)(extra - url) - scheme);
    else if (url + scheme < extra)
        add(&out, url + scheme, (size_t)(extra - url) - scheme);
    if (*extra != '\0') {
        add(&out, extra, 1);
        hide(&out);
    }
    return out.used;
}
