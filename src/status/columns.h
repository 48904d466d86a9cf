/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The columns of lists: what they are called, what a row has in them, and how they order rows.
 */
#pragma once

#include "status/text.h"

#include <roster/kill.h>
#include <roster/list.h>
#include <roster/minimum.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMNS_MOST 48

enum list { LIST_SESSIONS, LIST_TXNS, LIST_HOLDERS };

/* What a list can be ordered by. */
enum order {
    ORDER_NONE,
    ORDER_ID,
    ORDER_KIND,
    ORDER_USER,
    ORDER_HOST,
    ORDER_DB,
    ORDER_APPLICATION,
    ORDER_COMMAND,
    ORDER_TIME,
    ORDER_STATE,
    ORDER_TXN_STATE,
    ORDER_START_TS,
    ORDER_TXN_AGE,
    ORDER_TXN,
    ORDER_STATEMENT,
    ORDER_KEYS,
    ORDER_BYTES,
    ORDER_WAITING,
    ORDER_MEMORY,
    ORDER_DISK,
    ORDER_KILLED,
    ORDER_WAIT,
    ORDER_WAIT_MS,
    ORDER_BLOCKER,
};

struct column;

/* The column of this name; NULL: there is none. `length` bytes of `name` count. */
const struct column *rst_column_find(enum list list, const char *name, size_t length);
enum order rst_column_order(const struct column *column);

/* The columns of a list that asks for none. Returns how many. */
size_t rst_columns_default(enum list list, bool full, const struct column **columns);

/* The names of a list's columns, of those that order it if `ordering`: "a, b or c". */
void rst_columns_names(enum list list, bool ordering, char *to, size_t size);

/* A row: a session, and in a list of holders what it holds. */
struct row_of {
    const struct roster_snapshot *snapshot; /* for its times */
    const struct roster_entry *entry;
    const struct roster_holder *holder; /* NULL in the other lists */
};

/* Puts these columns, in this order; and the row of a list that has them. */
void rst_columns_members(struct text *text, const struct column *const *columns, size_t count,
                         const struct row_of *of, bool full);
void rst_columns_put(struct text *text, enum list list, const struct column *const *columns,
                     size_t count, const struct row_of *of, bool full);

/* What a holder is: "transaction" or "pin". */
const char *rst_holder_name(const struct roster_holder *holder);

/* For how long it has held so far; 0 for nothing. */
uint64_t rst_holder_held_ms(const struct roster_holder *holder);

/* The ages that lists show, in milliseconds. */
uint64_t rst_entry_age_ms(const struct roster_snapshot *snapshot, const struct roster_entry *entry);
uint64_t rst_entry_txn_age_ms(const struct roster_snapshot *snapshot,
                              const struct roster_entry *entry);

const char *rst_kind_name(enum roster_session_kind kind);

/* What a kill may be of, as requests and events name it. */
extern const char *const rst_target_names[ROSTER_KILL_TARGETS];

/* What was killed, by what roster_killed() returns: "statement", ...; NULL: nothing was. */
const char *rst_killed_name(int killed);

/* What a process list shows as the state: whether a transaction is open. */
const char *rst_state_name(enum roster_txn_state state);
