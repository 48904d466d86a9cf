/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The servers of a cluster, as their records in its store name them.
 */
#ifndef ROSTERCTL_CLUSTER_H
#define ROSTERCTL_CLUSTER_H

#include "rosterctl/rosterctl.h"

struct server {
    char name[136];     /* its id in the store */
    char address[256];  /* of its endpoint; "": it cannot be asked, for what `reply` says */
    uint64_t number;    /* in its connection ids; 0: none */
    char after[24];     /* the number of its last event that was shown; "": none was */
    bool reported;      /* that it does not answer */
    struct reply reply; /* the newest one */
};

struct servers {
    struct server *all; /* by name */
    size_t count;
};

/* Reads the records. Returns CTL_OK, or an exit code after the error was printed. */
int servers_read(const struct options *options, struct servers *servers);
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

#define CLUSTER_DEADLINE_MS 5000

#endif /* ROSTERCTL_CLUSTER_H */
