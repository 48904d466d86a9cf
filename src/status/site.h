/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * An endpoint whose answers are made elsewhere, for `rosterctl serve`. The page, the sockets, the
 * rules of HTTP and the limits of clients are those of every endpoint. What it shows and does is
 * what the user who runs it may, so it serves that user and root alone.
 */
#pragma once

#include <roster/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_status;

struct rst_site_argument {
    const char *name, *value; /* decoded; a value is never NULL */
};

struct rst_site_page;

/* A request. */
struct rst_site_asked {
    const struct rst_site_page *page;
    const struct rst_site_argument *arguments; /* each name once */
    size_t count;
    const char *token; /* that came with it; NULL: none */
};

/* Makes the answer, in one of several threads: returns an HTTP status, and in `*json` text that is
 * free()d, or NULL when memory is out. */
typedef unsigned rst_site_fn(void *arg, const struct rst_site_asked *asked, char **json);

struct rst_site_page {
    const char *path;
    bool changes;     /* it takes POST, not GET */
    const void *what; /* for the answer; NULL: the page of every endpoint */
};

struct rst_site {
    const char *address; /* as of roster_status_start() */
    const struct rst_site_page *pages;
    size_t count;
    rst_site_fn *answer;
    void *arg; /* of the answers */
};

/* `site` and what it points to stay. Returns 0 or a negative errno of roster_status_start(). It is
 * served by roster_status_run_once(), in the thread that stops it; that waits for answers that are
 * being made. */
ROSTER_API int rst_site_start(const struct rst_site *site, struct roster_status **made);
ROSTER_API void rst_site_stop(struct roster_status *status);
