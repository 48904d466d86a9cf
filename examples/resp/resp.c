/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Buffers, replies and requests of the Redis protocol.
 */
#include "resp.h"

#include <errno.h>
#include <hiredis/sds.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KEEP_MAX 16384 /* bytes that an idle connection may keep */
#define MAX_ARGS 65536
#define MAX_LINE 65536
#define MAX_HEADER 32 /* a length and its line end */

int slice_compare(const void *a, const void *b)
{
    const struct slice *left = a, *right = b;

    if (left->len != right->len)
        return left->len < right->len ? -1 : 1;
    return memcmp(left->data, right->data, left->len);
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
    size_t cap = buf->cap ? buf->cap : 256;
    char *grown = buf->data;

    while (cap - buf->len < len)
        cap *= 2;
    if (!len || buf->failed)
        return;
    buf->failed = (buf->limit && len > buf->limit - buf->len) ||
                  (cap > buf->cap && !(grown = realloc(buf->data, cap)));
    if (buf->failed)
        return;
    buf->data = grown;
    buf->cap = cap;
    memcpy(buf->data + buf->len, data, len);
    buf->len += len;
}

__attribute__((format(printf, 2, 0))) static void append_args(struct buf *buf, const char *format,
                                                              va_list args)
{
    char *text;
    int len = vasprintf(&text, format, args);

    if (len < 0) {
        buf->failed = true;
        return;
    }
    buf_append(buf, text, (size_t)len);
    free(text);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    append_args(buf, format, args);
    va_end(args);
}

void buf_truncate(struct buf *buf, size_t len)
{
    buf->len = len;
    buf->failed = false;
}

void buf_clear(struct buf *buf)
{
    buf_truncate(buf, 0);
    if (buf->cap > KEEP_MAX)
        buf_free(buf);
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    buf->data = NULL;
    buf->cap = 0;
    buf_truncate(buf, 0);
}

int reply(struct buf *out, const char *format, ...)
{
    size_t at = out->len;
    va_list args;

    va_start(args, format);
    append_args(out, format, args);
    va_end(args);
    for (; at < out->len; at++)
        if ((unsigned char)out->data[at] < ' ')
            out->data[at] = '?';
    buf_append(out, "\r\n", 2);
    return *format == '-';
}

int reply_done(struct buf *out, int err)
{
    return err ? err : reply(out, "+OK");
}

/* Puts "TYPE NUMBER PREFIX" before what was appended since `mark`. */
static int put_before(struct buf *out, size_t mark, char type, size_t number, const char *prefix)
{
    char header[32];
    size_t len = (size_t)snprintf(header, sizeof(header), "%c%zu\r\n%s", type, number, prefix);

    buf_append(out, header, len);
    if (out->failed)
        return 0;
    memmove(out->data + mark + len, out->data + mark, out->len - len - mark);
    memcpy(out->data + mark, header, len);
    return 0;
}

int reply_bulk_since(struct buf *out, size_t mark)
{
    put_before(out, mark, '$', out->len - mark, "");
    buf_append(out, "\r\n", 2);
    return 0;
}

int reply_text_since(struct buf *out, size_t mark)
{
    if (!out->resp3)
        return reply_bulk_since(out, mark);
    put_before(out, mark, '=', out->len - mark + 4, "txt:");
    buf_append(out, "\r\n", 2);
    return 0;
}

int reply_array_since(struct buf *out, size_t mark, size_t count)
{
    return put_before(out, mark, '*', count, "");
}

int reply_map_since(struct buf *out, size_t mark, size_t pairs)
{
    return put_before(out, mark, out->resp3 ? '%' : '*', out->resp3 ? pairs : 2 * pairs, "");
}

int reply_bulk(struct buf *out, struct slice data)
{
    size_t mark = out->len;

    buf_append(out, data.data, data.len);
    return reply_bulk_since(out, mark);
}

int reply_string(struct buf *out, const char *text)
{
    return text ? reply_bulk(out, (struct slice){text, strlen(text)})
                : reply(out, out->resp3 ? "_" : "$-1");
}

int reply_strings(struct buf *out, ...)
{
    const char *text;
    va_list args;

    va_start(args, out);
    while ((text = va_arg(args, const char *)))
        reply_string(out, text);
    va_end(args);
    return 0;
}

bool slice_is(struct slice text, const char *word)
{
    return text.len == strlen(word) && !memcmp(text.data, word, text.len);
}

bool request_is(const struct request *request, size_t n, const char *word)
{
    return n < request->argc && request->argv[n].len == strlen(word) &&
           !strcasecmp(request->argv[n].data, word);
}

size_t request_size(const struct request *request)
{
    return request->bytes + sizeof(*request) + request->argc * sizeof(request->argv[0]);
}

void request_queue(struct request_queue *queue, struct request *request)
{
    *(queue->last ? &queue->last->next : &queue->first) = request;
    queue->last = request;
    queue->count++;
    queue->bytes += request_size(request);
}

void request_queue_free(struct request_queue *queue)
{
    struct request *request;

    while ((request = queue->first)) {
        queue->first = request->next;
        free(request);
    }
    *queue = (struct request_queue){0};
}

/* What AUTH and HELLO's AUTH say is shown to no one. */
static bool is_secret(const struct request *request, size_t n)
{
    return request_is(request, 0, "AUTH") ? n > 0 : n > 3 && request_is(request, n - 2, "AUTH");
}

size_t request_text(const struct request *request, char *text, size_t size)
{
    static const struct slice hidden = {"(redacted)", sizeof("(redacted)") - 1};
    size_t len = 0, n, at;

    for (n = 0; n < request->argc && len < size; n++) {
        const struct slice *shown = is_secret(request, n) ? &hidden : &request->argv[n];

        if (n)
            text[len++] = ' ';
        for (at = 0; at < shown->len && len < size; at++) {
            text[len] = shown->data[at];
            if (text[len] <= ' ' || text[len] > '~')
                text[len] = '.';
            len++;
        }
    }
    return len;
}

bool slice_number(struct slice text, uint64_t *number)
{
    char *end;

    errno = 0;
    *number = strtoull(text.data, &end, 10);
    return !errno && text.len && *text.data >= '0' && *text.data <= '9' &&
           end == text.data + text.len;
}

bool slice_integer(struct slice text, long long *value)
{
    size_t sign = text.len && *text.data == '-';
    char *end;

    if (text.len == sign || text.len > 20 || text.data[sign] < '0' || text.data[sign] > '9' ||
        (text.data[sign] == '0' && text.len > 1)) /* nor -0 */
        return false;
    errno = 0;
    *value = strtoll(text.data, &end, 10);
    return !errno && end == text.data + text.len;
}

int request_feed(struct request_reader *reader, const char *data, size_t len)
{
    struct buf *in = &reader->in;

    if (reader->at) {
        memmove(in->data, in->data + reader->at, in->len - reader->at);
        in->len -= reader->at;
        reader->scanned -= reader->at;
        reader->at = 0;
    }
    if (!in->len)
        buf_clear(in);
    buf_append(in, data, len);
    return in->failed ? -ENOMEM : 0;
}

size_t request_held(const struct request_reader *reader)
{
    return reader->in.len - reader->at;
}

static int refuse(struct request_reader *reader, const char *why)
{
    reader->error = why;
    return -EPROTO;
}

/* One block: the slices, then the bytes, each argument with a final zero. */
static struct request *request_new(size_t argc, size_t bytes)
{
    struct request *request =
        malloc(sizeof(*request) + argc * sizeof(request->argv[0]) + argc + bytes);

    if (request)
        *request = (struct request){NULL, 0, 0};
    return request;
}

static void add_argument(struct request *request, size_t argc, const char *data, size_t len)
{
    char *to = (char *)&request->argv[argc] + request->bytes + request->argc;

    memcpy(to, data, len);
    to[len] = '\0';
    request->argv[request->argc++] = (struct slice){to, len};
    request->bytes += len;
}

/* A line as people type it, split as redis-cli splits one. */
static int next_line(struct request_reader *reader, struct request **request)
{
    size_t held = request_held(reader), n;
    char *line = reader->in.data + reader->at;
    char *end = memchr(line, '\n', held < MAX_LINE ? held : MAX_LINE);
    int argc = 0;
    sds *words;

    if (!end)
        return held < MAX_LINE ? 0 : refuse(reader, "line too long");
    if (memchr(line, '\0', (size_t)(end - line)))
        return refuse(reader, "a line has no NUL in it, but an argument of an array may");
    *end = '\0';
    words = sdssplitargs(line, &argc);
    if (!words)
        return refuse(reader, "unbalanced quotes in request");
    *request = request_new((size_t)argc, (size_t)(end - line)); /* no longer than typed */
    for (n = 0; *request && n < (size_t)argc; n++)
        add_argument(*request, (size_t)argc, words[n], sdslen(words[n]));
    sdsfreesplitres(words, argc);
    reader->scanned = reader->at += (size_t)(end - line) + 1;
    return *request ? 1 : refuse(reader, "out of memory");
}

/* A line "*N" or "$N" at `scanned`. Returns 1 with the number and moves on, 0 or -EPROTO. */
static int take_header(struct request_reader *reader, char type, size_t *number)
{
    const char *line = reader->in.data + reader->scanned, *at = line + 1;
    size_t waiting = reader->in.len - reader->scanned;
    const char *end = memchr(line, '\n', waiting < MAX_HEADER ? waiting : MAX_HEADER);

    if (waiting && *line != type)
        return refuse(reader, *line == '*'   ? "arguments must be bulk strings, not arrays"
                              : *line == ':' ? "arguments must be bulk strings, not integers"
                                             : "arguments must be bulk strings");
    if (!end)
        return waiting < MAX_HEADER ? 0 : refuse(reader, "invalid length");
    if (*at == '-')
        return refuse(reader, "negative length");
    for (*number = 0; *at >= '0' && *at <= '9' && *number <= SIZE_MAX / 100; at++)
        *number = *number * 10 + (size_t)(*at - '0');
    if (at == line + 1 || *at != '\r' || at + 1 != end)
        return refuse(reader, "invalid length");
    reader->scanned = (size_t)(end + 1 - reader->in.data);
    return 1;
}

/* Builds the request whose arguments are complete between `at` and `scanned`. */
static int build(struct request_reader *reader, struct request **request)
{
    const char *at = memchr(reader->in.data + reader->at, '\n', MAX_HEADER);
    size_t n, len;

    *request = request_new(reader->argc, reader->scanned - reader->at);
    for (n = 0; *request && n < reader->argc; n++) {
        len = strtoull(at + 2, NULL, 10);
        at = (const char *)memchr(at + 1, '\n', MAX_HEADER) + 1;
        add_argument(*request, reader->argc, at, len);
        at += len + 1;
    }
    reader->at = reader->scanned;
    reader->argc = reader->seen = 0;
    return *request ? 1 : refuse(reader, "out of memory");
}

static int next_array(struct request_reader *reader, struct request **request)
{
    size_t len, before = reader->scanned;
    int got = 1;

    if (before == reader->at) {
        got = take_header(reader, '*', &reader->argc);
        if (got > 0 && reader->argc > MAX_ARGS)
            return refuse(reader, "too many arguments");
    }
    for (; got > 0 && reader->seen < reader->argc; reader->seen++) {
        before = reader->scanned;
        got = take_header(reader, '$', &len);
        if (got <= 0)
            break;
        if (reader->scanned - reader->at > reader->limit ||
            len > reader->limit - (reader->scanned - reader->at))
            return refuse(reader, "request too large");
        if (reader->in.len - reader->scanned < len + 2) {
            reader->scanned = before; /* its header is read again */
            return 0;
        }
        reader->scanned += len + 2;
        if (memcmp(reader->in.data + reader->scanned - 2, "\r\n", 2) != 0)
            return refuse(reader, "an argument is longer than announced");
    }
    return got > 0 ? build(reader, request) : got;
}

int request_next(struct request_reader *reader, struct request **request)
{
    int got;

    while (request_held(reader)) {
        if (reader->in.data[reader->at] == '*')
            got = next_array(reader, request);
        else
            got = next_line(reader, request);
        if (got <= 0 || (*request)->argc)
            return got;
        free(*request); /* an empty line or array asks for nothing */
    }
    return 0;
}
