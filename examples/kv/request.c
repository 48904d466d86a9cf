/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Requests. hiredis's reader keeps the bytes and finds the boundaries; the objects it builds are
 * ours, so that a hostile length or nesting is refused before memory is taken for it.
 */
#include "config.h"

#include "request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HEADER_MAX 32     /* a length and its line end */
#define COMPACT_MIN 16384 /* consumed bytes that are worth being dropped */

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *refuse(const redisReadTask *task, const char *why)
{
    struct request_reader *reader = task->privdata;

    reader->error = why;
    return NULL; /* the reader takes it for a lack of memory and stops */
}

static struct request *request_new(size_t argc)
{
    struct request *request = calloc(1, sizeof(*request) + argc * sizeof(request->argv[0]));

    if (request)
        request->argc = argc;
    return request;
}

static bool request_set(struct request *request, size_t n, const char *data, size_t len)
{
    char *copy = malloc(len + 1);

    if (!copy)
        return false;
    memcpy(copy, data, len);
    copy[len] = '\0';
    request->argv[n].data = copy;
    request->argv[n].len = len;
    request->bytes += len;
    return true;
}

static void *create_array(const redisReadTask *task, element_count count)
{
    if (task->parent)
        return refuse(task, "arguments must be bulk strings, not arrays");
    if (count > REQUEST_MAX_ARGS)
        return refuse(task, "too many arguments");
    return request_new((size_t)count);
}

static void *create_string(const redisReadTask *task, char *data, size_t len)
{
    if (!task->parent || task->type != REDIS_REPLY_STRING)
        return refuse(task, "arguments must be bulk strings");
    return request_set(task->parent->obj, (size_t)task->idx, data, len) ? task->parent->obj : NULL;
}

static void *create_integer(const redisReadTask *task, long long value)
{
    (void)value;
    return refuse(task, "arguments must be bulk strings, not integers");
}

static void *create_nil(const redisReadTask *task)
{
    return refuse(task, "negative length");
}

static void free_object(void *object)
{
    request_free(object);
}

static redisReplyObjectFunctions functions = {
    .createString = create_string,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_object,
};

bool request_is(const struct request *request, size_t n, const char *word)
{
    return n < request->argc && request->argv[n].len == strlen(word) &&
           !strcasecmp(request->argv[n].data, word);
}

void request_free(struct request *request)
{
    size_t n;

    for (n = 0; request && n < request->argc; n++)
        free((char *)(uintptr_t)request->argv[n].data); /* read-only for all others */
    free(request);
}

static redisReader *new_hiredis(struct request_reader *reader)
{
    redisReader *hiredis = redisReaderCreateWithFunctions(&functions);

    if (hiredis)
        hiredis->privdata = reader;
    return hiredis;
}

int request_reader_init(struct request_reader *reader, size_t limit)
{
    memset(reader, 0, sizeof(*reader));
    reader->limit = limit;
    reader->hiredis = new_hiredis(reader);
    return reader->hiredis ? 0 : -ENOMEM;
}

void request_reader_free(struct request_reader *reader)
{
    if (reader->hiredis)
        redisReaderFree(reader->hiredis);
    reader->hiredis = NULL;
}

int request_feed(struct request_reader *reader, const char *data, size_t len)
{
    reader->fed += len;
    return redisReaderFeed(reader->hiredis, data, len) == REDIS_OK ? 0 : -ENOMEM;
}

size_t request_waiting(const struct request_reader *reader)
{
    return reader->hiredis->len - reader->hiredis->pos;
}

size_t request_held(const struct request_reader *reader)
{
    return (size_t)(reader->fed - reader->finished);
}

/* Typed lines are taken from behind the reader's back, so it never drops their bytes itself. */
static int compact(struct request_reader *reader)
{
    redisReader *old = reader->hiredis, *fresh;

    if (old->pos < COMPACT_MIN)
        return 0;
    fresh = new_hiredis(reader);
    if (!fresh)
        return -ENOMEM;
    if (redisReaderFeed(fresh, old->buf + old->pos, old->len - old->pos) != REDIS_OK) {
        redisReaderFree(fresh);
        return -ENOMEM;
    }
    redisReaderFree(old);
    reader->hiredis = fresh;
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* The character that a backslash and what follows it mean between double quotes. */
static char unescape(const char **from, const char *end)
{
    static const char letters[] = "nrtba", meanings[] = "\n\r\t\b\a";
    const char *at = *from, *letter;

    if (*at == 'x' && end - at > 2 && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0) {
        *from = at + 3;
        return (char)(hex_digit(at[1]) * 16 + hex_digit(at[2]));
    }
    *from = at + 1;
    letter = memchr(letters, *at, sizeof(letters) - 1);
    if (letter)
        return meanings[letter - letters];
    return *at;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/*
 * Takes one word of a typed line, which may be quoted as for redis-cli, and moves `from` behind it.
 * Returns its length, or -1 when a quote has no end.
 */
static ssize_t take_word(const char **from, const char *end, char *word)
{
    const char *at = *from;
    char quote = '\0';
    ssize_t len = 0;

    if (*at == '"' || *at == '\'')
        quote = *at++;
    while (at < end && (quote ? *at != quote : !is_space(*at)))
        if (*at != '\\' || end - at < 2 || !quote)
            word[len++] = *at++;
        else if (quote == '"' && at++)
            word[len++] = unescape(&at, end);
        else if (at[1] == '\'' && at++)
            word[len++] = *at++;
        else
            word[len++] = *at++;
    if (quote && (at == end || (at + 1 < end && !is_space(at[1]))))
        return -1;
    *from = quote ? at + 1 : at;
    return len;
}

/* NULL, and the reason is in reader->error, when it cannot be split. */
static struct request *split(struct request_reader *reader, const char *line, size_t len)
{
    const char *end = line + len;
    struct request *request = request_new((len + 1) / 2); /* words at most */
    char *word = malloc(len + 1);
    ssize_t got = 0;

    reader->error = request && word ? NULL : "out of memory";
    if (request)
        request->argc = 0;
    while (!reader->error) {
        while (line < end && is_space(*line))
            line++;
        if (line == end)
            break;
        got = take_word(&line, end, word);
        if (got < 0)
            reader->error = "unbalanced quotes in request";
        else if (!request_set(request, request->argc++, word, (size_t)got))
            reader->error = "out of memory";
    }
    free(word);
    if (!reader->error)
        return request;
    request_free(request);
    return NULL;
}

static int next_line(struct request_reader *reader, struct request **request)
{
    redisReader *hiredis = reader->hiredis;
    const char *line = hiredis->buf + hiredis->pos;
    size_t waiting = request_waiting(reader);
    const char *end = memchr(line, '\n', waiting < REQUEST_MAX_LINE ? waiting : REQUEST_MAX_LINE);

    if (!end && waiting >= REQUEST_MAX_LINE) {
        reader->error = "line too long";
        return -EPROTO;
    }
    if (!end)
        return 0;
    *request = split(reader, line, (size_t)(end - line));
    hiredis->pos += (size_t)(end - line) + 1;
    if (*request && compact(reader)) {
        request_free(*request);
        reader->error = "out of memory";
    }
    return reader->error ? -EPROTO : 1;
}

/* The reader waits for more: refuse at once what can only end badly. */
static int still_possible(struct request_reader *reader)
{
    const char *header = reader->hiredis->buf + reader->hiredis->pos;
    size_t waiting = request_waiting(reader);
    const char *end = memchr(header, '\n', waiting < HEADER_MAX ? waiting : HEADER_MAX);

    if (reader->fed - reader->finished > reader->limit ||
        (end && strtoull(header, NULL, 10) > reader->limit))
        reader->error = "request too large";
    else if (!end && waiting >= HEADER_MAX)
        reader->error = "invalid length";
    return reader->error ? -EPROTO : 0;
}

static int next_array(struct request_reader *reader, struct request **request)
{
    void *object = NULL;

    if (redisReaderGetReply(reader->hiredis, &object) != REDIS_OK) {
        if (!reader->error)
            reader->error = reader->hiredis->errstr;
        return -EPROTO;
    }
    *request = object;
    return object ? 1 : still_possible(reader);
}

int request_next(struct request_reader *reader, struct request **request)
{
    const redisReader *hiredis;
    int got = 0;

    while (!reader->error && request_waiting(reader)) {
        hiredis = reader->hiredis;
        if (hiredis->ridx == -1 && hiredis->buf[hiredis->pos] != '*')
            got = next_line(reader, request);
        else
            got = next_array(reader, request);
        if (got <= 0)
            return got;
        reader->finished = reader->fed - request_waiting(reader);
        if ((*request)->argc)
            return 1;
        request_free(*request); /* an empty line or array asks for nothing */
    }
    return reader->error ? -EPROTO : 0;
}
