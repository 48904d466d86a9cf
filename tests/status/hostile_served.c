/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * hostile_served ADDRESS: an endpoint with a session for every field that a client can fill and
 * every class of bytes that it can fill it with, until the standard input ends. Prints where it
 * listens, and after that a line for each value: the session's id, the field, the bytes in
 * hexadecimal.
 */
#include <poll.h>
#include <roster/block.h>
#include <roster/history.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG 10240

static const struct {
    const char *bytes;
    size_t length;
} classes[] = {
#define BYTES(literal)                                                                             \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }
    BYTES("a\0b"),
    BYTES("\0"),
    BYTES("\xff\xfe\xc3(\x80\xbf\xe4\xb8 \xf0\x9f\x98 \xf8\x88\x80\x80\x80"),  /* invalid */
    BYTES("\xc0\x80\xc0\xaf\xc1\xbf\xe0\x80\xaf\xe0\x9f\xbf\xf0\x80\x80\xaf"), /* overlong */
    BYTES("\xed\xa0\x80|\xed\xbf\xbf|\xed\xa0\xbd\xed\xb8\x80"),               /* surrogates */
    BYTES("\xe2\x80\xae"
          "txet\xe2\x80\xac\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f"),     /* bidirectional */
    BYTES("\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\xf0\x9f\xbf\xbe"), /* noncharacters */
    BYTES("\xef\xbb\xbf\xe2\x80\xa8\xe2\x80\xa9\xc2\xad"),         /* BOM, separators */
    BYTES("\xc2\x9b"
          "31m\x1b[2J\x1b]0;x\x07\x7f\r\n\t\b"),               /* controls */
    BYTES("\xf0\x9f\x98\x80\xf3\xa0\x80\x81\xf4\x8f\xbf\xbf"), /* beyond 16 bits */
    BYTES("\xf4\x90\x80\x80\xf7\xbf\xbf\xbf"),                 /* beyond Unicode */
    BYTES("\"},{\"id\":\"0\",\"x\":\"\\u0000\\"),
    BYTES("</script><script>alert(1)</script>&lt;"),
    BYTES("\\\\ud800 \\x \xe4"), /* cut within a character */
    BYTES("=cmd|' /C calc'!A0"), /* formulas */
    BYTES("+1+cmd"),
    BYTES("-1+cmd"),
    BYTES("@SUM(1)"),
    BYTES("\xef\xbc\x9d"
          "1+1"),
    BYTES("\xef\xbc\x8b"
          "1+1"),
    BYTES("\xef\xbc\x8d"
          "1+1"),
    BYTES("\xef\xbc\xa0"
          "SUM(1)"),
};

static struct roster *roster;
static struct roster_history *history;
static unsigned sessions;

static void ok(int err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "hostile_served: %s: %s\n", what, roster_strerror(err));
    exit(1);
}

/* What comes back of bytes that the interface takes as a C string ends before the first NUL. */
static void say(const struct roster_session *session, const char *field, const char *bytes,
                size_t length)
{
    printf("%llu %s ", (unsigned long long)roster_session_id(session), field);
    while (length--)
        printf("%02x", (unsigned char)*bytes++);
    putchar('\n');
}

static struct roster_session *open_one(struct roster_session_attr *attr)
{
    struct roster_session *session = NULL;

    attr->flags |= ROSTER_SESSION_DIGESTS;
    ok(roster_session_open(roster, attr, &session), "open");
    ok(roster_txn_begin(session, NULL), "begin");
    sessions++;
    return session;
}

static void fill_identity(const char *bytes)
{
    static const char *const fields[] = {"user", "host", "db", "application", "attributes"};
    size_t field;

    for (field = 0; field < sizeof(fields) / sizeof(*fields); field++) {
        struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

        *(const char **[]){&attr.user, &attr.host, &attr.database, &attr.application,
                           &attr.attributes}[field] = bytes;
        say(open_one(&attr), fields[field], bytes, strlen(bytes));
    }
}

/* What a session waits for, and what one that is idle in a transaction has done last. */
static void fill_beside(const char *string, const char *bytes, size_t length)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_block block = ROSTER_BLOCK_INIT;
    struct roster_session *session;

    ok(roster_wait_event_register(ROSTER_WAIT_LOCK, "Row", &block.event), "event");
    block.holder_id = 1;
    block.what = string;
    session = open_one(&attr);
    ok(roster_block_begin(session, &block), "block");
    if (strlen(string) <= ROSTER_BLOCK_TEXT)
        say(session, "blocked_on", string, strlen(string));
    attr.flags = ROSTER_SESSION_LAST_STATEMENT;
    session = open_one(&attr);
    ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, bytes, length, NULL, 0), "last statement");
    ok(roster_stmt_end(session), "its end");
    if (length <= 256)
        say(session, "last", bytes, length);
}

/* An open that is rejected, and so in the event log. */
static void reject(const char *bytes)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session;

    attr.id = 1; /* which is taken */
    attr.flags = ROSTER_SESSION_TRUNCATE;
    attr.user = attr.host = bytes;
    if (roster_session_open(roster, &attr, &session) == 0) {
        fprintf(stderr, "hostile_served: two sessions have one id\n");
        exit(1);
    }
}

static void fill_statement(const char *text, size_t length, const char *digest,
                           size_t digest_length)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = open_one(&attr);

    ok(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, length, digest, digest_length),
       "statement");
    (void)roster_history_add(history, session);
    say(session, "info", text, length);
    if (digest_length)
        say(session, "digest", digest, digest_length);
}

static void fill(const char *bytes, size_t length)
{
    char string[4001];
    size_t n;

    snprintf(string, sizeof(string), "%s", bytes);
    fill_identity(string);
    reject(string);
    fill_beside(string, bytes, length);
    fill_statement(bytes, length, NULL, 0);
    for (n = 0; n < length && n < 1024; n += ROSTER_DIGEST_MAX)
        fill_statement("x", 1, bytes + n,
                       length - n < ROSTER_DIGEST_MAX ? length - n : ROSTER_DIGEST_MAX);
}

static void fill_all(void)
{
    static char text[LONG + 1];
    size_t n;

    for (n = 0; n < sizeof(classes) / sizeof(*classes); n++)
        fill(classes[n].bytes, classes[n].length);
    for (n = 0; n < 256; n++)
        text[n] = (char)n;
    fill(text, 256);
    fill_identity(text + 1);
    for (n = 0; n < LONG; n++) /* characters of two bytes, after one of one */
        text[n] = (char)(n % 2 ? 0xc3 : 0xa9);
    text[0] = 'x';
    fill(text, LONG);
    for (n = 0; n < LONG; n++) /* every pair of bytes somewhere */
        text[n] = (char)(n * 167 + n / 256);
    fill(text, LONG);
}

int main(int argc, char **argv)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct roster_options limits = ROSTER_OPTIONS_INIT;
    struct pollfd input = {0, POLLIN, 0};
    struct roster_status *status;

    limits.text_limit = 2 * LONG;
    ok(roster_create(&limits, &roster), "create");
    ok(roster_history_create(1000, 0, &history), "history");
    options.history = history;
    options.address = argc > 1 ? argv[1] : NULL;
    options.name = "\x1b[2J\xe2\x80\xaename\xff";
    options.blocked_ms = 3600000; /* its waits never end */
    ok(roster_status_start(roster, &options, &status), "start");
    printf("%s\n", roster_status_address(status));
    fill_all();
    printf("sessions %u\n", sessions);
    fflush(stdout);
    (void)poll(&input, 1, -1);
    roster_status_stop(status);
    return 0; /* with all its sessions open */
}
