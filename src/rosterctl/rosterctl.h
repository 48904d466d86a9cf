/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rosterctl: what its commands share.
 */
#pragma once

#include "core/base/clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEFAULT_SERVER "127.0.0.1:6390"
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define SECRET_BYTES 510
#define SECRET_BYTES_TEXT "510"
#define SECRET_MOST (SECRET_BYTES + 2) /* with the end of its line */

/* Exit codes; the man page explains them. */
enum {
    CTL_OK = 0,
    CTL_NOT_DONE = 1, /* the server says that there is nothing to do: idle, stale, dying */
    CTL_USAGE = 2,
    CTL_NO_SERVER = 3,
    CTL_FORBIDDEN = 4,
    CTL_NOT_FOUND = 5,
    CTL_FAILED = 6,
    CTL_UNHEALTHY = 7, /* of status: the server says what is wrong with it */
};

struct options {
    const char *server;
    bool all;          /* every server in the runtime directory instead */
    const char *token; /* NULL: none */
    const char *user, *db, *kind, *command, *state, *min_ms, *limit; /* filters, NULL: any */
    const char *wait_event, *digest, *application, *blocker;         /* likewise */
    const char *holder;
    bool in_txn;
    bool full;
    bool json;
    const char *sort, *search;
    const char *columns; /* names with commas between them; NULL: those that fit most uses */
    bool csv;
    bool statement;     /* kill the statement */
    bool transaction;   /* kill the transaction */
    const char *seq;    /* which one, or the start timestamp of which transaction; NULL: any */
    bool wait;          /* for the end of what is killed or drained */
    double wait_s;      /* at most; 0: without end */
    bool follow;        /* goes on with what comes */
    const char *by;     /* what distinguishes the rows of an activity */
    const char *since;  /* a point in time, or where to go on */
    const char *until;  /* a point in time; NULL: now */
    const char *store;  /* of a cluster */
    const char *prefix; /* of its keys; NULL: the default */
    const char *store_user, *store_password, *store_ca, *store_cert, *store_key; /* NULL: none */
    const char *ttl_ms;   /* of a barrier; NULL: for ever */
    uint32_t timeout_ms;  /* of a request; 0: the default */
    uint64_t deadline_ms; /* of rst_monotonic_ms(), for all requests; 0: none */
    size_t body_most;     /* bytes of an answer; 0: the default */
    const char *listen;   /* the address to serve at; NULL: the default */
    double watch_s;       /* 0: once */
    char **args;          /* behind the command */
    int n_args;
};

/* A reply; its JSON is NULL when it had none. */
struct reply {
    int code;    /* of the exit codes */
    bool gone;   /* nothing listens there any more, other than when there is no answer in time */
    long status; /* of HTTP; 0: there was no answer */
    char error[512]; /* as long as a list of what is valid */
    json_t *json;
    size_t length; /* of the body, or of those of all pages */
    int missing;   /* of a cluster: CTL_OK, or the code for the servers that did not answer */
};

/* client.c: asks the server. `method` is "GET" or "POST". Free with reply_free(). */
struct reply ctl_ask(const struct options *options, const char *method, const char *path);
void reply_free(struct reply *reply);

/* Adds the rows of the next page to those of the pages before, and takes its "next"; a page that is
 * no list takes the place of all. The page is used up. */
void reply_append(struct reply *all, struct reply *page);

/* Appends "&key=value" to a path, the first one with a question mark, with the value escaped;
 * nothing for NULL. What does not fit is refused when it is asked for. */
void ctl_add_argument(char *path, size_t size, const char *key, const char *value);

/* The same of the filters that say which sessions count. */
void ctl_add_who(char *path, size_t size, const struct options *options);

/* Says what went wrong, on standard error, and returns the exit code; a reply without a text has
 * been reported already. */
int ctl_fail(const struct options *options, const struct reply *reply);
int ctl_error(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The end of a command that shows one reply: reports what went wrong, frees the reply, and returns
 * the exit code. */
int ctl_finish(const struct options *options, struct reply *reply);

/* Says on standard error what to run then. */
void ctl_propose(const char *command);

/* From now on what ctl_error() says in this thread goes to `text`, the first of it, and the first
 * of what is proposed to `command`; NULL: no more. Both have `size` bytes. */
void ctl_keep_errors(char *text, char *command, size_t size);

/* Asks for all rows of a list, page by page, with the filters of the options. */
struct reply ctl_rows(const struct options *options, const char *path);

/* Whether the output is for a program, which takes no words between the rows. */
bool ctl_for_program(const struct options *options);

/* Prints JSON that a terminal does not obey either: everything but ASCII is escaped. */
void ctl_print_json(const json_t *json, size_t flags);

/* text.c: text for a terminal, which must not obey what a client made the server show. */
void text_string(const json_t *string, char *to, size_t size); /* "" for no string */
void text_ms(double ms, char *to, size_t size);                /* a duration for people */
size_t text_width(const char *text);                           /* in columns of a terminal */

/* A string: as it is, or as it may be shown if it is not UTF-8, of which JSON has nothing. */
json_t *text_json(const char *text);

/* Whether it is a number without a sign. What answers need not be a server, and a command that has
 * such a number in it is there to be copied into a shell. */
bool text_is_number(const char *text);

/* The bytes of the longest beginning that is no wider. */
size_t text_bytes(const char *text, size_t columns);

/* As much of a text as fits, with a sign where it was cut; ASCII alone unless `unicode`. */
void text_fit(const char *text, size_t columns, bool unicode, char *to, size_t size);

/* A point in time, in milliseconds since the Unix epoch; false for other text, see
 * core/base/when.h. */
bool time_parse(const char *text, int64_t *ms);
void time_show(int64_t ms, char *to, size_t size); /* local time */

/* A column of a table: a member of each row. */
struct column {
    const char *key, *title;
    enum {
        COLUMN_TEXT,
        COLUMN_WHOLE, /* a text that is never cut, as it names what a command is about */
        COLUMN_NUMBER,
        COLUMN_ID,   /* a number of something; "0" is none of them */
        COLUMN_WAIT, /* the event that is waited for, in a table with what of it: "row: stock 17" */
        COLUMN_MS,
        COLUMN_WHEN /* milliseconds since the Unix epoch, or a timestamp as text */
    } kind;
    int most; /* characters; 0: no limit */
};

#define COLUMNS_MOST 32

/* table.c */
void cell_text(const json_t *row, const struct column *column, char *to, size_t size);

/* A member as a cell of such a column: a duration for people if its key says "_ms". */
void member_text(const json_t *object, const char *key, char *to, size_t size);
const char *member_string(const json_t *object, const char *key); /* "": it is not a text */
double member_value(const json_t *object, const char *key);       /* 0: it is not a number */

/* The characters of a line of the terminal; 0: there is no terminal, and lines have no limit. */
size_t table_width(void);

/* Whether the standard output is a terminal that can move its cursor. */
bool table_can_move(void);

/* In lines of at most `width` characters: columns are left out, those first whose keys are first in
 * `spare`, with commas between them, and the longest texts are cut. 0: no limit. table_print() has
 * the terminal's width. */
void table_print_within(const json_t *rows, const struct column *columns, size_t count,
                        size_t width, const char *spare);
void table_print(const json_t *rows, const struct column *columns, size_t count, const char *spare);

/* The rows as RFC 4180 has them: numbers as they are, in milliseconds where they are times. Titles
 * are printed when they are others than before, so that what comes piece by piece is one table. */
void table_print_csv(const json_t *rows, const struct column *columns, size_t count);

/* From now on such rows begin with a column "server", which has this, and so does JSON. */
void table_of(const char *server);
const char *table_server(void); /* "": none */

/* Prints for a program: all of a reply as JSON, or its rows as CSV. False: it is for people. */
bool table_print_for_program(const struct options *options, const json_t *reply, const json_t *rows,
                             const struct column *columns, size_t count);

/* An object as one line of JSON, or as one row of CSV. It is used up. */
void table_print_record(const struct options *options, json_t *record, const struct column *columns,
                        size_t count);

/* That a list has more of something than is shown; nothing when it has not. */
void table_print_cut(const json_t *reply, const char *what);

/* The column that a name means, which is a key or a title; NULL: there is none. `length`
 * bytes of the name count. */
const struct column *column_find(const struct column *columns, size_t count, const char *name,
                                 size_t length);

/* about.c: who holds the minimum, as one row. The first column is the server, which the row lacks;
 * those of a table come before what only CSV has. */
#define MIN_COLUMNS 16
#define MIN_COLUMNS_SHOWN 7
extern const struct column min_columns[MIN_COLUMNS];
json_t *min_row(const json_t *min);

typedef int command_fn(const struct options *options);

/* Kinds of options that a command takes. */
enum takes {
    LISTS = 1 << 0,
    WHO = 1 << 1,
    LIMIT = 1 << 2,
    HOLDERS = 1 << 3,
    STORE = 1 << 4,
    OUTPUT = 1 << 5,
    FULL = 1 << 6,
    WATCH = 1 << 7,
    ALL = 1 << 8,
    ARGS = 1 << 9,
    KILL = 1 << 10,
    WAIT = 1 << 11,
    TTL = 1 << 12,
    SINCE = 1 << 13,
    UNTIL = 1 << 14,
    BY = 1 << 15,
    FOLLOW = 1 << 16,
    LISTEN = 1 << 17,
};

/* commands.c: the last one has no name. */
extern const struct command {
    const char *name;
    command_fn *run;
    unsigned takes;
    const char *arguments, *summary, *text; /* of its help; the summary is in the list of all */
} ctl_commands[];

/* NULL: there is no such command. */
const struct command *ctl_command(const char *name);

/* store.c: opens the store that the options name. Returns an exit code; the error was printed. */
struct roster_store;
int ctl_open_store(const struct options *options, struct roster_store **store);
int ctl_store_code(int err); /* the exit code of an error of a store */

/* Prints an error of it, and the command that shows more. Returns the exit code. */
int ctl_store_failed(const struct options *options, int err, const char *text);

/* cluster.c: runs a command for all servers of the cluster in the store. */
int ctl_cluster(const struct options *options, command_fn *run);

/* One reply from those of servers, after all were asked. What does not answer is reported as
 * servers_code() does. */
struct servers;
typedef struct reply servers_reply_fn(struct servers *servers, const struct options *options,
                                      const char *path, const void *arg);
struct reply cluster_ask(const struct options *options, servers_reply_fn *ask, const char *path,
                         const void *arg);

/* What ctl_rows() has of one server, each row with its server; the trees of waits; activity, by the
 * text `arg`; and over time, with a struct steps_asked: `path` has the times, step and filters. */
servers_reply_fn servers_rows, servers_locks, servers_activity, servers_steps;

/* cluster_sum.c: how many rows are wanted. Returns whether that is a number. */
bool rows_wanted(const struct options *options, size_t otherwise, size_t *most);

/* locks.c: puts ids below those that they wait for, as the member "tree" of each row: a level is
 * `step` further to the right, until `deepest`. */
void locks_draw_tree(const json_t *rows, int step, int deepest);

/* cluster_events.c: the events of all servers since then, by time; with --follow it goes on. `show`
 * prints some. */
typedef void events_show_fn(void *arg, json_t *rows);
int cluster_events(const struct options *options, int64_t since_ms, events_show_fn *show,
                   void *arg);

/* Activity over time. */
struct steps_asked {
    json_int_t from, to; /* milliseconds since the Unix epoch; 0: the server's default */
    json_int_t step;     /* milliseconds */
    const char *by;      /* NULL: classes of waits */
    size_t most;         /* groups; the others are one, "other" */
};

/* activity.c: the columns of what `by` distinguishes. Returns how many. */
size_t activity_columns(const char *by, struct column *columns);

/* What distinguishes rows of an activity, without a word that no server is asked for. Returns
 * whether that was among it. */
bool activity_takes(const char *word, const char *by, char *rest, size_t size);

/* activity_time.c: prints what such a path has over time: the wait classes, or what `by`
 * distinguishes. Returns an exit code. */
int activity_over_time(const struct options *options, const char *path, struct steps_asked *asked);

/* When the most sessions were active, as a line; nothing when that is not known. */
void activity_print_peak(const struct options *options, const char *path,
                         const struct steps_asked *asked);

/* secret.c: the first line of a file; and whether a text is a secret that such a line may be. Both
 * return NULL, or what is wrong, until the next call. */
const char *secret_read(const char *path, char line[SECRET_MOST]);
const char *secret_check(const char *text);

/* all.c: runs a command for every server that has a socket in the runtime directory. */
int ctl_all(const struct options *options, command_fn *run);

command_fn ctl_ps, ctl_trx, ctl_holders, ctl_locks, ctl_groups, ctl_min, ctl_safe_point,
    ctl_history, ctl_status, ctl_kill, ctl_drain;
command_fn ctl_top, ctl_barrier, ctl_gc, ctl_events, ctl_activity, ctl_serve;
