/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A log whose size does not depend on how often something fails. A line that was written is left
 * out when the same comes again soon; the next one that is written, or a flush, adds how often it
 * came and for how long. The pause grows from a second to a minute while the line keeps coming.
 * Lines that differ each time are bounded as a whole: LOG_BURST at once, then one every
 * LOG_EVERY_NS, and how many were left out is a line of its own.
 */
#pragma once

#include "store/base/clock.h"

#include <pthread.h>
#include <roster/store.h>
#include <roster/text.h>
#include <stdarg.h>
#include <stdint.h>

/*
 * Messages: lines for logs, and texts of errors. What they name may come from a store, a server or
 * a user, so each goes through roster_text_show() here; a URL is given as shown_url() has it.
 */

/* Bytes of the longest message with its final zero; longer ones are cut. */
#define MESSAGE_SIZE 512

/* A URL without secrets, for a message. */
struct shown_url {
    char text[256];
};

static inline struct shown_url shown_url(const char *url)
{
    struct shown_url shown = {.text = ""};

    roster_text_redact(url, shown.text, sizeof(shown.text));
    return shown;
}

__attribute__((format(printf, 3, 0))) void rst_message_format(char *to, size_t size,
                                                              const char *format, va_list args);

#define LOG_LINES 8
#define LOG_PAUSE_NS STORE_NS_PER_S
#define LOG_PAUSE_MOST_NS (60 * STORE_NS_PER_S)
#define LOG_BURST 32
#define LOG_EVERY_NS (2 * STORE_NS_PER_S)

/* A line that was written not long ago. Times are of CLOCK_MONOTONIC. */
struct log_line {
    char text[MESSAGE_SIZE]; /* empty: none */
    enum roster_store_log_level level;
    int64_t pause;
    int64_t until;  /* before this the same is left out */
    int64_t since;  /* when the first that was left out came */
    uint64_t times; /* how many were left out */
};

struct store_log {
    roster_store_log_fn *fn; /* NULL: lines are dropped */
    void *arg;
    pthread_mutex_t mutex; /* of all below; never held across the callback */
    struct log_line lines[LOG_LINES];
    int64_t paid_until; /* when all that was written is paid for, one line each LOG_EVERY_NS */
    uint64_t differing; /* how many were left out because too many came */
};

void rst_log_init(struct store_log *log, roster_store_log_fn *fn, void *arg);

/* Writes what is owed of lines that were left out; there is nothing to be freed. */
void rst_log_end(struct store_log *log);

/* One line, at this time. Without a lock held, like the rest. */
void rst_log_put(struct store_log *log, enum roster_store_log_level level, const char *text,
                 int64_t now);

/* One line, now. */
__attribute__((format(printf, 3, 0))) void rst_log_format(struct store_log *log,
                                                          enum roster_store_log_level level,
                                                          const char *format, va_list args);

/*
 * Writes the lines that were left out and whose pause is over. Called where something is done again
 * and again, so that the last state is in the log even if nothing more is written.
 */
void rst_log_flush(struct store_log *log, int64_t now);
