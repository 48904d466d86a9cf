/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Tables of rows that came as JSON.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include "core/base/ascii.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELL 1200
#define MAX_COLUMNS 16

void cell_text(const json_t *row, const struct column *column, char *to, size_t size)
{
    const json_t *value = json_object_get(row, column->key);

    *to = '\0';
    if (json_is_string(value))
        text_string(value, to, size);
    else if (json_is_number(value) && column->kind == COLUMN_MS)
        text_ms(json_number_value(value), to, size);
    else if (json_is_integer(value))
        snprintf(to, size, "%lld", (long long)json_integer_value(value));
}

/* Ids are strings and are compared as the numbers they are. */
static int compare(const json_t *a, const json_t *b, const struct column *by)
{
    const json_t *x = json_object_get(a, by->key), *y = json_object_get(b, by->key);
    const char *s, *t;
    double left, right;

    if (by->kind == COLUMN_TEXT) {
        s = json_string_value(x);
        t = json_string_value(y);
        return strcmp(s ? s : "", t ? t : "");
    }
    if (json_is_string(x) && json_is_string(y)) {
        uint64_t left_id = strtoull(json_string_value(x), NULL, 10);
        uint64_t right_id = strtoull(json_string_value(y), NULL, 10);

        return (left_id > right_id) - (left_id < right_id);
    }
    left = json_number_value(x);
    right = json_number_value(y);
    return (left > right) - (left < right);
}

/* What qsort() cannot be given: the column, and 1 or -1. */
static const struct column *sort_by;
static int sort_sign;

static int compare_rows(const void *a, const void *b)
{
    return sort_sign * compare(*(json_t *const *)a, *(json_t *const *)b, sort_by);
}

static void sort_rows(json_t *rows)
{
    size_t count = json_array_size(rows), n;
    json_t **sorted = calloc(count + 1, sizeof(json_t *));

    if (!sorted)
        return;
    for (n = 0; n < count; n++)
        sorted[n] = json_incref(json_array_get(rows, n));
    qsort(sorted, count, sizeof(json_t *), compare_rows);
    for (n = 0; n < count; n++)
        json_array_set_new(rows, n, sorted[n]);
    free(sorted);
}

/* `by` is a column's key or title, with "-" before it for the largest first. */
int table_sort(json_t *rows, const struct column *columns, size_t count, const char *by)
{
    size_t n;

    sort_sign = *by == '-' ? -1 : 1;
    by += *by == '-';
    for (n = 0; n < count; n++) {
        if (!ascii_is(by, strlen(by), columns[n].key) &&
            !ascii_is(by, strlen(by), columns[n].title))
            continue;
        sort_by = &columns[n];
        sort_rows(rows);
        return 0;
    }
    return -1;
}

static void print_cell(const char *text, const struct column *column, size_t width, bool last)
{
    int pad = (int)(width - text_width(text));

    if (column->kind != COLUMN_TEXT)
        printf("%*s%s", pad, "", text);
    else
        printf("%s%*s", text, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

/* Cuts a text to a number of characters. */
static void cut(char *text, size_t most)
{
    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80 && !most--) {
            *text = '\0';
            return;
        }
}

void table_print(const json_t *rows, const struct column *columns, size_t count)
{
    size_t widths[MAX_COLUMNS], n, row, width;
    char text[CELL];

    for (n = 0; n < count; n++)
        widths[n] = strlen(columns[n].title);
    for (row = 0; row < json_array_size(rows); row++)
        for (n = 0; n < count; n++) {
            cell_text(json_array_get(rows, row), &columns[n], text, sizeof(text));
            width = text_width(text);
            if (columns[n].most && width > (size_t)columns[n].most)
                width = (size_t)columns[n].most;
            if (width > widths[n])
                widths[n] = width;
        }
    for (n = 0; n < count; n++)
        print_cell(columns[n].title, &columns[n], widths[n], n + 1 == count);
    for (row = 0; row < json_array_size(rows); row++)
        for (n = 0; n < count; n++) {
            cell_text(json_array_get(rows, row), &columns[n], text, sizeof(text));
            if (columns[n].most)
                cut(text, widths[n]);
            print_cell(text, &columns[n], widths[n], n + 1 == count);
        }
}
