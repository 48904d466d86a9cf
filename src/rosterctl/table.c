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
#include <string.h>

#define CELL 1200

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

const struct column *column_find(const struct column *columns, size_t count, const char *name,
                                 size_t length)
{
    size_t n;

    for (n = 0; n < count; n++)
        if (ascii_is(name, length, columns[n].key) || ascii_is(name, length, columns[n].title))
            return &columns[n];
    return NULL;
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

void table_print(const json_t *rows, const struct column *columns, size_t count)
{
    size_t widths[COLUMNS_MOST], n, row, width;
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
                text[text_bytes(text, widths[n])] = '\0';
            print_cell(text, &columns[n], widths[n], n + 1 == count);
        }
}

/* In quotes where it has to be; a quote in it is doubled. */
static void put_csv(const char *text)
{
    if (!text[strcspn(text, "\",\r\n")]) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

void table_print_csv(const json_t *rows, const struct column *columns, size_t count)
{
    struct column plain;
    char text[CELL];
    size_t n, row;

    for (n = 0; n < count; n++)
        printf("%s%s", n ? "," : "", columns[n].key);
    fputs("\r\n", stdout);
    for (row = 0; row < json_array_size(rows); row++) {
        for (n = 0; n < count; n++) {
            plain = columns[n];
            plain.kind = COLUMN_TEXT;
            cell_text(json_array_get(rows, row), &plain, text, sizeof(text));
            fputs(n ? "," : "", stdout);
            put_csv(text);
        }
        fputs("\r\n", stdout);
    }
}
