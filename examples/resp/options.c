/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Parsing the command line, and showing it to clients.
 */
#include "options.h"

#include "commands.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FIRST_KEY 256 /* of argp: no character, so there are no short options */
#define ROWS_MAX 128
#define FILE_MOST 65536
#define LOOK_MS 100
#define WRITER_LOOKS 100 /* in which a pipe gets one: ten seconds */

static const struct options *parsed;

static void *place(const struct options *options, const struct option_row *row)
{
    return (char *)(uintptr_t)options + row->offset;
}

static bool is_one_of(const char *text, const char *words)
{
    const char *at = strstr(words, text), *end = at ? at + strlen(text) : NULL;

    return *text && at && (at == words || at[-1] == '|') && (!*end || *end == '|');
}

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads yet. */
static void set(struct options *options, const struct option_row *row, char *text,
                struct argp_state *state)
{
    uint64_t *value = place(options, row);
    char *end;

    if (!row->max) {
        if (islower((unsigned char)*row->unit) && !is_one_of(text, row->unit))
            argp_error(state, "--%s takes %s, not \"%s\"", row->name, row->unit, text);
        *(const char **)place(options, row) = text;
        return;
    }
    errno = 0;
    *value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || *value < row->min || *value > row->max)
        argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"",
                   row->name, row->min, row->max, text);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    if (key >= FIRST_KEY && key < FIRST_KEY + ROWS_MAX)
        set(state->input, &option_rows[key - FIRST_KEY], arg, state);
    else if (key == ARGP_KEY_ARG)
        argp_error(state, "unexpected argument \"%s\"", arg);
    else if (key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    else
        options_check(state->input, state);
    return 0;
}

void options_parse(struct options *options, int argc, char **argv, const char *about,
                   const char *version)
{
    struct argp_option list[ROWS_MAX + 1] = {{0}};
    struct argp argp = {.options = list, .parser = parse, .doc = about};
    const struct option_row *row = option_rows;
    int n;

    for (n = 0; n < ROWS_MAX && row[n].name; n++) {
        list[n] = (struct argp_option){row[n].name, FIRST_KEY + n, row[n].unit, 0, row[n].help, 0};
        if (row[n].max && row[n].preset)
            *(uint64_t *)place(options, &row[n]) = row[n].preset;
    }
    argp_err_exit_status = 2;
    argp_program_version = version;
    argp_parse(&argp, argc, argv, 0, NULL, options);
    parsed = options;
}

/* As read(), of a descriptor that does not block. Who writes to a pipe may take all the time, as
 * it may ask a human for a password; but a pipe to which no process writes has no end. */
static ssize_t read_some(int fd, char *to, size_t room, bool *has_writer)
{
    struct pollfd wait = {fd, POLLIN, 0};
    int looks = 0;
    ssize_t length;

    for (;;) {
        length = read(fd, to, room);
        if (length < 0 && errno == EAGAIN) {
            *has_writer = true;
            (void)poll(&wait, 1, -1);
        } else if (length || *has_writer || wait.revents) {
            return length;
        } else if (looks++ == WRITER_LOOKS) {
            errno = ETIMEDOUT;
            return -1;
        } else {
            (void)poll(&wait, 1, LOOK_MS);
        }
    }
}

/* Returns NULL, or what is wrong. */
static const char *read_all(int fd, bool is_public, char *text, size_t *length)
{
    bool has_writer;
    struct stat about;
    ssize_t more = 1;

    if (fstat(fd, &about))
        return strerror(errno);
    if (!is_public && S_ISREG(about.st_mode) && about.st_mode & 077)
        return "other users may read or write it: chmod 600";
    has_writer = !S_ISFIFO(about.st_mode);
    while (more > 0 && *length <= FILE_MOST) {
        more = read_some(fd, text + *length, FILE_MOST + 1 - *length, &has_writer);
        *length += more > 0 ? (size_t)more : 0;
        has_writer = true;
    }
    if (more < 0)
        return errno == ETIMEDOUT ? "no process writes to this pipe" : strerror(errno);
    /* Cut short at a NUL, it would be another one: of random bytes maybe a token of one byte. */
    if (!*length || *length > FILE_MOST || strlen(text) != *length)
        return "it is empty, has a NUL or is larger than 65536 bytes";
    return NULL;
}

const char *option_file(const char *path, enum option_file_kind kind)
{
    char *text = calloc(1, FILE_MOST + 2);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    const char *wrong = fd < 0 || !text ? strerror(errno) : NULL;
    size_t length = 0;

    if (!wrong)
        wrong = read_all(fd, kind == OPTION_FILE_PUBLIC, text, &length);
    if (fd >= 0)
        close(fd);
    if (!wrong) {
        if (kind == OPTION_FILE_LINE)
            text[strcspn(text, "\r\n")] = '\0';
        return text;
    }
    option_file_forget(text);
    fprintf(stderr, "%s: cannot read %s: %s\n", program_invocation_short_name, path, wrong);
    return NULL;
}
/* NOLINTEND(concurrency-mt-unsafe) */

void option_file_forget(const char *text)
{
    if (text)
        explicit_bzero((char *)(uintptr_t)text, FILE_MOST);
    free((char *)(uintptr_t)text);
}

/* Whether one of the patterns of CONFIG GET is meant; if so, replies. */
static bool show(const struct request *request, struct buf *out, const char *name,
                 const char *value)
{
    size_t n = 2;

    while (n < request->argc && (!slice_is(request->argv[n], request->argv[n].data) ||
                                 fnmatch(request->argv[n].data, name, FNM_CASEFOLD) != 0))
        n++;
    if (!value || n == request->argc)
        return false;
    reply_strings(out, name, value, (char *)NULL);
    return true;
}

int config_get(struct conn *conn, const struct request *request, struct buf *out)
{
    const struct option_row *row;
    size_t mark = out->len, count = 0;
    const char *text;
    char digits[24];

    for (row = option_rows; row->name; row++) {
        text = row->max ? digits : *(const char **)place(parsed, row);
        if (row->max)
            snprintf(digits, sizeof(digits), "%" PRIu64, *(uint64_t *)place(parsed, row));
        count += show(request, out, row->name, text);
    }
    count += show(request, out, "appendonly", "no"); /* clients of Redis ask for these */
    count += show(request, out, "databases", "1");
    count += show(request, out, "save", "");
    return reply_map_since(out, mark, count);
}
