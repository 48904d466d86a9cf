/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The servers of a cluster, as their records in its store name them.
 */
#pragma once

#include "rosterctl/rosterctl.h"

#include <stdio.h>

struct server {
    char name[136];     /* its id in the store; "": any may answer at the address */
    char address[256];  /* of its endpoint; "": it cannot be asked, for what `reply` says */
    uint64_t number;    /* in its connection ids; 0: none */
    char after[24];     /* the number of its last event that was shown; "": none was */
    bool reported;      /* that it does not answer */
    bool asked;         /* since it was read */
    bool passed_over;   /* it is not asked, for what `reply` says */
    uint64_t silent_ms; /* for how long it has not answered; 0: not known */
    struct reply reply; /* the newest one */
};

/* A server whose lease has ended, and that was not stopped: its last sign of life. */
struct gone {
    char name[136];
    int64_t seen_ms;   /* since the Unix epoch; 0: not known */
    char record[24];   /* then; "": not known */
    char address[256]; /* of its endpoint; "": not known */
};

struct servers {
    struct server *all; /* by name */
    size_t count;
    struct gone *gone; /* by name */
    size_t gone_count;
};

/* Reads the records. Returns CTL_OK, or an exit code after the error was printed: that there is no
 * server is one; if those that have gone are wanted, only where none has. */
int servers_read(const struct options *options, struct servers *servers, bool want_gone);
void servers_free(struct servers *servers);

/* A request to one server, in a thread of its own, with the options that name it. */
typedef struct reply server_ask_fn(const struct options *options, const struct server *server,
                                   const void *arg);

/* Asks all at once, each within CLUSTER_DEADLINE_MS, and only where the server answers that the
 * record is of. */
void servers_ask(struct servers *servers, const struct options *options, server_ask_fn *ask,
                 const void *arg);

/* Prints which did not answer, and why: each once, until it has answered again. Returns how many.
 */
size_t servers_complain(struct servers *servers);

/* The exit code after a round, with what is to be printed then: of the servers that did not answer,
 * or why none takes what it was asked. */
int servers_code(struct servers *servers);

/* The same as a reply without rows so far; and that of a round. */
struct reply servers_result(struct servers *servers);
struct reply servers_round(struct servers *servers, const struct options *options,
                           server_ask_fn *ask, const void *arg);

/* An answer that cannot be used, and why: its server is named as one that did not answer. */
void servers_reject(struct server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define CLUSTER_DEADLINE_MS 5000

/* For servers_ask(): GET of a path, which is `arg`. */
server_ask_fn ask_path;

/* The server that has a name; NULL: none has. */
struct server *servers_find(const struct servers *servers, const char *name, size_t length);

/* Which of two members comes first; texts that are numbers are compared as such. */
int member_compare(const json_t *a, const json_t *b);

/* A count that any server may claim, so that sums of them fit. */
double member_number(const json_t *object, const char *key);
json_int_t member_whole(const json_t *object, const char *key);

/* Rows by a member that is a number, "-KEY": the largest first; those that are equal in it stay in
 * their order. They are used up. A server may answer with any number of rows, so this takes no
 * longer than a sort does. */
json_t *rows_sort(json_t *rows, const char *key);

/* A server that has gone, as a row of status. */
json_t *cluster_gone_row(const struct gone *gone);

/* The same of a server from which there is no status: "silent", with the command that finds its
 * process, if it has not answered in time. */
json_t *cluster_silent_row(const struct server *server);

/* Prints rows. Returns whether as a table, below which more may be said; that has `shown` of the
 * columns, CSV all. */
bool cluster_print_rows(const struct options *options, const json_t *rows,
                        const struct column *columns, size_t count, size_t shown,
                        const char *spare);

/* cluster_status.c: the verdicts of all. Returns an exit code. */
int cluster_status(const struct options *options, struct servers *servers);

/* cluster_command.c: text as a word of a command that is there to be copied into a shell. */
void cluster_print_word(FILE *out, const char *word);

/* The command of a problem that a server names, with the addresses of the server and of the store
 * as they are known here. One that no verdict has is not kept, and the evidence says so. Nothing
 * for what is no object. */
void cluster_check_command(json_t *problem, const struct options *options,
                           const struct server *server);

/* Those of all problems of the server that the options name. */
void cluster_check_commands(json_t *status, const struct options *options);
