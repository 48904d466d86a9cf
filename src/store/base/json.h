/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * JSON by jansson, also where memory is out for a moment. Up to 2.14, and in its repository after
 * that, jansson does not ask whether its buffer could grow: a text that it writes lacks the key of
 * an object, and of a token that it reads it loses characters, after which a string without its
 * quote is written past its end. So its buffers are made to be large enough before. Up to 2.14 it
 * also converts numbers by the locale, which the host chooses, and aborts the process where the
 * decimal point has several bytes, as in ps_AF, unless the thread has the C locale.
 */
#pragma once

#include <errno.h>
#include <jansson.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline char *rst_json_text_in_c(const json_t *json, size_t flags)
{
    size_t size = json_dumpb(json, NULL, 0, flags);
    char *text = size ? malloc(size + 1) : NULL;

    if (text && json_dumpb(json, text, size, flags) == size) {
        text[size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

/* The text of a value, to be freed by free(). NULL, with errno ENOMEM, where memory is out, or for
 * NULL. */
static inline char *rst_json_text(const json_t *json, size_t flags)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = c ? uselocale(c) : c;
    char *text = c ? rst_json_text_in_c(json, flags) : NULL;

    if (c) {
        uselocale(before);
        freelocale(c);
    }
    if (!text)
        errno = ENOMEM;
    return text;
}

/* A text to be read, as the second element of an array whose first is a number: 1, and as many
 * zeros behind the point as make the buffer large enough. That it loses some of them does no harm.
 */
struct rst_json_source {
    const char *parts[5];
    size_t sizes[5];
    unsigned part;
    bool is_out; /* memory, when the buffer was made */
};

#define RST_JSON_ZEROS 1 /* the part that is made of zeros */

/* The size of the first value, and no token's is larger than `*token`. */
static inline size_t rst_json_measure(const char *text, size_t size, size_t *token)
{
    size_t n, from = 0, depth = 0, first = 0;
    bool inside = false;

    *token = 0;
    for (n = 0; n < size; n++) {
        if (inside && text[n] == '\\') {
            n++;
        } else if (text[n] == '"') {
            inside = !inside;
            if (n - from > *token)
                *token = n - from;
            from = n;
        } else if (!inside && (text[n] == '{' || text[n] == '[')) {
            depth++;
        } else if (!inside && (text[n] == '}' || text[n] == ']') && depth && !--depth && !first) {
            first = n + 1;
        }
    }
    if (size - from > *token)
        *token = size - from;
    *token += 2;
    return first ? first : size;
}

static inline size_t rst_json_feed(void *buffer, size_t room, void *arg)
{
    struct rst_json_source *source = arg;
    size_t n, i;

    while (source->part < 5 && !source->sizes[source->part])
        source->part++;
    if (source->part == 5)
        return 0;
    if (source->part > RST_JSON_ZEROS && errno == ENOMEM)
        source->is_out = true;
    if (source->is_out)
        return (size_t)-1; /* the buffer may be too small */
    n = source->sizes[source->part] < room ? source->sizes[source->part] : room;
    source->sizes[source->part] -= n;
    if (source->part == RST_JSON_ZEROS) {
        for (i = 0; i < n; i++)
            ((char *)buffer)[i] = '0';
        return n;
    }
    memcpy(buffer, source->parts[source->part], n);
    source->parts[source->part] += n;
    return n;
}

static inline json_t *rst_json_parse_in_c(const char *text, size_t size, size_t flags)
{
    size_t token, first = rst_json_measure(text, size, &token);
    struct rst_json_source source = {
        {"[1.", NULL, ",", text, "]"}, {3, token, 1, size, 1}, 0, false};
    json_t *all, *json = NULL;

    /* The buffer has 16 bytes and doubles, also for the comma, which jansson then takes back: it
     * aborts the process if that was not there, so with it the buffer is never full. */
    source.sizes[RST_JSON_ZEROS] = ((token + 2 + 15) & ~(size_t)15) - 2;
    if (flags & JSON_DISABLE_EOF_CHECK)
        source.sizes[3] = first;
    errno = 0;
    all = json_load_callback(rst_json_feed, &source, flags & ~(size_t)JSON_DISABLE_EOF_CHECK, NULL);
    if (json_array_size(all) == 2)
        json = json_array_get(all, 1);
    json = json_is_object(json) || json_is_array(json) ? json_incref(json) : NULL;
    json_decref(all);
    if (source.is_out) /* jansson resets errno before it reads a number */
        errno = ENOMEM;
    return json;
}

/*
 * Reads an object or an array, whole. `flags` are jansson's; with JSON_DISABLE_EOF_CHECK more may
 * follow it. NULL if it is something else, or with errno ENOMEM, where memory is out.
 */
static inline json_t *rst_json_parse(const char *text, size_t size, size_t flags)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0), before = c ? uselocale(c) : c;
    json_t *json;
    int error;

    if (!c) {
        errno = ENOMEM;
        return NULL;
    }
    json = rst_json_parse_in_c(text, size, flags);
    error = errno;
    uselocale(before);
    freelocale(c);
    errno = error;
    return json;
}
