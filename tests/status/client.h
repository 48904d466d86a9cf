/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What tests of the status endpoint share: a roster with an endpoint, and requests to it.
 */
#pragma once

#include <jansson.h>
#include <roster/roster.h>
#include <roster/status.h>
#include <stdbool.h>
#include <stddef.h>

struct fixture {
    struct roster *roster;
    struct roster_status *status;
    struct roster_status_options options;
    bool remote; /* requests go to options.metrics_address */
};

/* With the options that are set. */
void fixture_start(struct fixture *fixture);
void fixture_stop(struct fixture *fixture);

struct roster_session *fixture_open(struct fixture *fixture, const char *user);

/* A reply: the HTTP status (0: none came), and the body with a NUL behind it. */
struct reply {
    long status;
    char *body;
    size_t length;
    char type[128];
};

/* `method` may be NULL for GET; each of `headers` until NULL is sent. */
struct reply ask(const struct fixture *fixture, const char *method, const char *path,
                 const char *const *headers);
void reply_free(struct reply *reply);

/* GET, which has to succeed, as JSON. */
json_t *get_json(const struct fixture *fixture, const char *path);

/* Makes a request whose answer has to be this status, with this in the body. */
void expect_reply(const struct fixture *fixture, const char *method, const char *path,
                  const char *const *headers, long status, const char *text);

/* A plain connection to the endpoint; from 127.0.0.N. */
int dial(const struct fixture *fixture);
int dial_from(const struct fixture *fixture, unsigned n);

/* What the server says on it, up to its end or until it says nothing for so long. */
size_t hear(int fd, char *text, size_t size, int timeout_ms);

/* Whether the server has closed it by then. */
bool is_closed(int fd, int timeout_ms);

/* Sends these bytes on a connection of their own, and hears all that comes back. */
size_t speak(const struct fixture *fixture, const char *bytes, size_t length, char *text,
             size_t size);
