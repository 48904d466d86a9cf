/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The logs of all servers' lives, in memory. */
#pragma once

#include "event.h"

#include <stddef.h>

/* One life of one server. */
struct life {
    const struct log_file *file;
    uint32_t count;
};

struct history {
    struct life *lives;
    size_t n_lives;
};

/* One event and whose it is. */
struct note {
    const struct event *event;
    const struct life *life;
};

/* Maps all logs in DIR; ends the process when it cannot, or when there are none. */
void history_open(struct history *history, const char *dir);

/* All complete events of a kind, in the order of their ends; to be given to free(). */
struct note *history_of(const struct history *history, enum event_kind kind, size_t *count);

/* The same of one life. */
struct note *history_of_life(const struct life *life, enum event_kind kind, size_t *count);

/* How many notes ended before that time. */
size_t history_before(const struct note *notes, size_t count, int64_t time);

/* Says that a guarantee was violated; the first of each guarantee in words. */
__attribute__((format(printf, 2, 3))) void violation(const char *guarantee, const char *format,
                                                     ...);

/* How many there were. */
uint64_t violations(void);

/* Rules, each over the whole history. */
void verify_oracle(const struct history *history);
void verify_safe_points(const struct history *history);
void verify_minima(const struct history *history);
void verify_txns(const struct history *history);
void verify_reads(const struct history *history);
