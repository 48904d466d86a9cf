/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Tables of rows that came as JSON.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/ascii.h"

#include <roster/timestamp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CELL 64       /* of what is not a text */
#define LEAST_LAST 16 /* of the last column, when it is a text, before others are left out */
#define LEAST_TEXT 4  /* of a text that is cut */

static void cell_when(const json_t *value, char *to, size_t size)
{
    const char *text = json_string_value(value);
    int64_t ms =
        text ? (int64_t)roster_ts_physical_ms(strtoull(text, NULL, 10)) : json_integer_value(value);

    if (ms > 0)
        time_show(ms, to, size);
}

static bool is_none(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && !strcmp(text, "0");
}

/* What the session is blocked on, behind the event. */
static void cell_wait(const json_t *row, const json_t *event, char *to, size_t size)
{
    const json_t *what = json_object_get(row, "blocked_on");
    size_t length;

    text_string(event, to, size);
    length = strlen(to);
    if (length + 2 >= size || !json_string_length(what))
        return;
    length += (size_t)snprintf(to + length, size - length, ": ");
    text_string(what, to + length, size - length);
}

void cell_text(const json_t *row, const struct column *column, char *to, size_t size)
{
    const json_t *value = json_object_get(row, column->key);

    *to = '\0';
    if (column->kind == COLUMN_WHEN)
        cell_when(value, to, size);
    else if (column->kind == COLUMN_ID && is_none(value))
        return;
    else if (column->kind == COLUMN_WAIT)
        cell_wait(row, value, to, size);
    else if (json_is_string(value))
        text_string(value, to, size);
    else if (json_is_number(value) && column->kind == COLUMN_MS)
        text_ms(json_number_value(value), to, size);
    else if (json_is_integer(value))
        snprintf(to, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(to, size, "%.6g", json_real_value(value));
}

void member_text(const json_t *object, const char *key, char *to, size_t size)
{
    struct column column = {key, "", COLUMN_TEXT, 0};

    if (strstr(key, "_ms"))
        column.kind = COLUMN_MS;
    cell_text(object, &column, to, size);
}

const char *member_string(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

double member_value(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* As a cell, however long it is, until the next call. */
static char *cell_whole(const json_t *row, const struct column *column)
{
    static char *room;
    static size_t size;
    size_t wanted = json_string_length(json_object_get(row, column->key)) + 1;

    if (column->kind == COLUMN_WAIT)
        wanted += json_string_length(json_object_get(row, "blocked_on")) + 2;
    wanted = wanted > CELL ? wanted : CELL;
    if (wanted > size) {
        free(room);
        room = malloc(wanted);
        size = wanted;
    }
    if (!room)
        exit(ctl_error(CTL_FAILED, "out of memory")); /* NOLINT(concurrency-mt-unsafe) */
    cell_text(row, column, room, size);
    return room;
}

size_t table_width(void)
{
    struct winsize size = {0};

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

bool table_can_move(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment */
    const char *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb") != 0;
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
    size_t has = text_width(text);
    int pad = (int)(width > has ? width - has : 0);

    if (column->kind == COLUMN_NUMBER || column->kind == COLUMN_ID || column->kind == COLUMN_MS)
        printf("%*s%s", pad, "", text);
    else
        printf("%s%*s", text, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", stdout);
}

static void measure(const json_t *rows, const struct column *columns, size_t count, size_t *widths)
{
    size_t n, row, width;

    for (n = 0; n < count; n++)
        widths[n] = strlen(columns[n].title);
    for (row = 0; row < json_array_size(rows); row++)
        for (n = 0; n < count; n++) {
            width = text_width(cell_whole(json_array_get(rows, row), &columns[n]));
            if (columns[n].most && width > (size_t)columns[n].most)
                width = (size_t)columns[n].most;
            if (width > widths[n])
                widths[n] = width;
        }
}

/* What the columns before the last need with the gaps between them, and the least for that. */
static size_t needed(const struct column *const *columns, const size_t *widths, size_t count)
{
    size_t sum = 0, n, last = widths[count - 1];

    for (n = 0; n + 1 < count; n++)
        sum += widths[n] + 2;
    return sum + (columns[count - 1]->kind == COLUMN_TEXT && last > LEAST_LAST ? LEAST_LAST : last);
}

/* Leaves out what can be spared until the rest fits. Returns how many are left. */
static size_t leave_out(const struct column **columns, size_t *widths, size_t count, size_t width,
                        const char *spare)
{
    size_t n, length;

    for (; *spare && count > 1 && needed(columns, widths, count) > width; spare += length) {
        length = strcspn(spare, ",");
        for (n = 0; n < count && !(strlen(columns[n]->key) == length &&
                                   !strncmp(columns[n]->key, spare, length));
             n++)
            ;
        if (n < count)
            for (count--; n < count; n++) {
                columns[n] = columns[n + 1];
                widths[n] = widths[n + 1];
            }
        length += spare[length] == ',';
    }
    return count;
}

/* Cuts the longest texts until all fits, or none can be cut. */
static void shrink(const struct column *const *columns, size_t *widths, size_t count, size_t width)
{
    size_t sum = 2 * (count - 1), n, longest;

    for (n = 0; n < count; n++)
        sum += widths[n];
    for (; sum > width; sum--) {
        longest = count;
        for (n = 0; n < count; n++)
            if ((columns[n]->kind == COLUMN_TEXT || columns[n]->kind == COLUMN_WAIT) &&
                widths[n] > LEAST_TEXT && (longest == count || widths[n] >= widths[longest]))
                longest = n;
        if (longest == count)
            return;
        widths[longest]--;
    }
}

static void print_row(const json_t *row, const struct column *const *columns, const size_t *widths,
                      size_t count)
{
    char title[CELL], *text;
    size_t n;

    for (n = 0; n < count; n++) {
        snprintf(title, sizeof(title), "%s", columns[n]->title);
        text = row ? cell_whole(row, columns[n]) : title;
        text[text_bytes(text, widths[n])] = '\0';
        print_cell(text, columns[n], widths[n], n + 1 == count);
    }
}

void table_print_within(const json_t *rows, const struct column *columns, size_t count,
                        size_t width, const char *spare)
{
    const struct column *shown[COLUMNS_MOST];
    size_t widths[COLUMNS_MOST], n, row;

    measure(rows, columns, count, widths);
    for (n = 0; n < count; n++)
        shown[n] = &columns[n];
    if (width) {
        count = leave_out(shown, widths, count, width, spare);
        shrink(shown, widths, count, width);
    }
    print_row(NULL, shown, widths, count);
    for (row = 0; row < json_array_size(rows); row++)
        print_row(json_array_get(rows, row), shown, widths, count);
}

void table_print(const json_t *rows, const struct column *columns, size_t count, const char *spare)
{
    table_print_within(rows, columns, count, table_width(), spare);
}

/* Whether a spreadsheet would take it for a formula, which may run a command; some take the wide
 * forms of the first characters as well. What sessions are called, and their statements, is chosen
 * by clients. A negative number is none. */
static bool is_formula(const char *text)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d",
                                       "\xef\xbc\xa0"};
    size_t n;

    for (n = 0; n < sizeof(wide) / sizeof(wide[0]); n++)
        if (!strncmp(text, wide[n], strlen(wide[n])))
            return true;
    return *text && strchr("=+-@", *text) &&
           (*text != '-' || text[1 + strspn(text + 1, "0123456789.")]);
}

/* In quotes where it has to be; a quote in it is doubled. */
static void put_csv(const char *text)
{
    const char *guard = is_formula(text) ? "'" : "";

    if (!text[strcspn(text, "\",\r\n")]) {
        printf("%s%s", guard, text);
        return;
    }
    printf("\"%s", guard);
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    putchar('"');
}

static char one_server[512];  /* "": rows do not name it */
static char csv_titles[2048]; /* that were printed last */

void table_of(const char *server)
{
    snprintf(one_server, sizeof(one_server), "%s", server);
}

const char *table_server(void)
{
    return one_server;
}

static void put_titles(const struct column *columns, size_t count)
{
    char titles[sizeof(csv_titles)];
    size_t n, used = (size_t)snprintf(titles, sizeof(titles), "%s", *one_server ? "server" : "");

    for (n = 0; n < count && used < sizeof(titles); n++)
        used += (size_t)snprintf(titles + used, sizeof(titles) - used, "%s%s", used ? "," : "",
                                 columns[n].key);
    if (!strcmp(titles, csv_titles))
        return;
    snprintf(csv_titles, sizeof(csv_titles), "%s", titles);
    printf("%s\r\n", titles);
}

void table_print_csv(const json_t *rows, const struct column *columns, size_t count)
{
    struct column plain;
    size_t n, row;

    put_titles(columns, count);
    for (row = 0; row < json_array_size(rows); row++) {
        if (*one_server)
            put_csv(one_server);
        for (n = 0; n < count; n++) {
            plain = columns[n];
            if (plain.kind != COLUMN_ID)
                plain.kind = COLUMN_TEXT;
            fputs(n || *one_server ? "," : "", stdout);
            put_csv(cell_whole(json_array_get(rows, row), &plain));
        }
        fputs("\r\n", stdout);
    }
}

bool table_print_for_program(const struct options *options, const json_t *reply, const json_t *rows,
                             const struct column *columns, size_t count)
{
    if (options->json)
        ctl_print_json(reply, JSON_INDENT(1));
    else if (options->csv)
        table_print_csv(rows, columns, count);
    return ctl_for_program(options);
}

void table_print_record(const struct options *options, json_t *record, const struct column *columns,
                        size_t count)
{
    json_t *rows = json_pack("[o]", record);

    if (options->json)
        ctl_print_json(record, JSON_COMPACT);
    else
        table_print_csv(rows, columns, count);
    json_decref(rows);
}

void table_print_cut(const json_t *reply, const char *what)
{
    json_int_t all = json_integer_value(json_object_get(reply, "matched"));
    size_t shown = json_array_size(json_object_get(reply, "rows"));

    if (all > 0 && (size_t)all > shown)
        printf("%zu of %lld %s; --limit=%lld shows all\n", shown, (long long)all, what,
               (long long)all);
}
