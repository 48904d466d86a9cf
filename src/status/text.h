/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Text that grows, and JSON in it. A text that could not grow is marked as failed and stays so;
 * nothing else has to be checked on the way.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Memory that requests may take: that of one client is part of the endpoint's. One thread. */
struct budget {
    size_t used, most;
    struct budget *whole; /* NULL: it is the whole */
};

/* Whether `bytes` more fit everywhere; they are counted then. NULL has no limit. */
static inline bool budget_take(struct budget *budget, size_t bytes)
{
    struct budget *part;

    for (part = budget; part; part = part->whole)
        if (part->most - part->used < bytes)
            return false;
    for (part = budget; part; part = part->whole)
        part->used += bytes;
    return true;
}

static inline void budget_give(struct budget *budget, size_t bytes)
{
    for (; budget; budget = budget->whole)
        budget->used -= bytes;
}

/* Memory of `size` bytes that grows to `bytes` within the budget, which has all of it until it is
 * freed and given back; NULL: it does not, and all is as before. */
static inline void *budget_realloc(struct budget *budget, void *memory, size_t size, size_t bytes)
{
    void *grown;

    if (!budget_take(budget, bytes - size))
        return NULL;
    grown = realloc(memory, bytes);
    if (!grown)
        budget_give(budget, bytes - size);
    return grown;
}

static inline void *budget_malloc(struct budget *budget, size_t bytes)
{
    return budget_realloc(budget, NULL, 0, bytes);
}

struct text {
    struct budget *budget; /* what `size` is taken from; NULL: no limit */
    char *data;
    size_t length;
    size_t size;
    size_t read; /* of a stream: what has been sent of it */
    char last;   /* the last byte that was added, which may have been sent */
    bool failed;
};

void rst_status_text_free(struct text *text); /* it can be used again */
void rst_status_text_add(struct text *text, const char *bytes, size_t length);
void rst_status_text_put(struct text *text, const char *string);
void rst_status_text_printf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A number of nanoseconds as seconds, with a decimal point in every locale. */
void rst_status_text_seconds(struct text *text, int64_t ns);

/*
 * A JSON value in an array when `key` is NULL, else a member of an object. Commas come by
 * themselves. Strings may hold anything: a byte that is no UTF-8, and a NUL, become U+FFFD; what
 * HTML would take for markup and what steers a terminal is escaped. NULL is null.
 */
void rst_status_out_open(struct text *text, const char *key, char bracket);
void rst_status_out_close(struct text *text, char bracket);
void rst_status_out_string(struct text *text, const char *key, const char *string);
void rst_status_out_bytes(struct text *text, const char *key, const char *bytes, size_t length);
void rst_status_out_number(struct text *text, const char *key, uint64_t number);
void rst_status_out_signed(struct text *text, const char *key, int64_t number);
void rst_status_out_id(struct text *text, const char *key,
                       uint64_t id); /* a string, see status.h */
void rst_status_out_bool(struct text *text, const char *key, bool value);
void rst_status_out_null(struct text *text, const char *key);
