/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Asking other processes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define RST_EXT_PATH 400

/* Stores the path of the next socket; false: there is none. */
typedef bool rst_ext_path_fn(void *arg, char *path, size_t size);

/* Takes the body of a reply. Returns an error of SQLite, which ends the round. */
typedef int rst_ext_reply_fn(void *arg, const char *body);

/* Asks all of them, some at once. What does not answer in time is left out. Returns an error of
 * SQLite. */
int rst_ext_ask(const char *method, const char *what, rst_ext_path_fn *next, rst_ext_reply_fn *take,
                void *arg);
