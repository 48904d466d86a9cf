/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rosterctl top: the screen.
 */
#include "rosterctl/top.h"

#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 7 /* lines above the list */
#define LINE 1024

enum { PLAIN, GOOD, BAD, OLD }; /* pairs of colours */

/* In this order on the screen. What does not fit beside what is more urgent is left out. */
struct shown {
    struct column column;
    int width;   /* 0: the rest of the line, at least LEAST */
    int urgency; /* the smallest is shown first */
};

static const struct shown list_columns[] = {
    {{"id", "ID", COLUMN_NUMBER, 0}, 8, 0},
    {{"user", "USER", COLUMN_TEXT, 0}, 10, 3},
    {{"application", "NAME", COLUMN_TEXT, 0}, 14, 6},
    {{"host", "HOST", COLUMN_TEXT, 0}, 21, 8},
    {{"db", "DB", COLUMN_TEXT, 0}, 10, 7},
    {{"command", "COMMAND", COLUMN_TEXT, 0}, 8, 5},
    {{"time_ms", "TIME", COLUMN_MS, 0}, 9, 1},
    {{"run_state", "STATE", COLUMN_TEXT, 0}, 10, 2},
    {{"wait_event", "WAITS FOR", COLUMN_WAIT, 0}, 24, 9},
    {{"txn_ms", "TXN", COLUMN_MS, 0}, 9, 10},
    {{"info", "STATEMENT", COLUMN_TEXT, 0}, 0, 4},
};

static const struct shown tree_columns[] = {
    {{"tree", "SESSION", COLUMN_TEXT, 0}, 10, 0},
    {{"user", "USER", COLUMN_TEXT, 0}, 8, 3},
    {{"application", "NAME", COLUMN_TEXT, 0}, 14, 7},
    {{"blocks", "BLOCKS", COLUMN_NUMBER, 0}, 6, 5},
    {{"wait_ms", "WAITED", COLUMN_MS, 0}, 9, 1},
    {{"blocked_on", "FOR", COLUMN_TEXT, 0}, 24, 4},
    {{"txn_ms", "TXN", COLUMN_MS, 0}, 9, 2},
    {{"info", "STATEMENT", COLUMN_TEXT, 0}, 0, 6},
};

#define LEAST 16

/* The columns of what is shown, and which of them fit. */
struct view {
    const struct shown *columns;
    size_t count;
    bool chosen[COUNT_OF(list_columns)];
    int rest; /* the width of the last one */
};

const json_t *top_rows(const struct top *top)
{
    return top->sight ? json_object_get(top->sight->list, "rows") : NULL;
}

static void use(const struct top *top, int pair)
{
    if (top->colours)
        attrset(COLOR_PAIR(pair));
    else
        attrset(pair == BAD ? A_BOLD : pair == OLD ? A_DIM : 0);
}

/* A text of one line, cut where the screen ends. */
static void put(const struct top *top, int y, int x, int most, const char *text)
{
    char line[LINE];

    if (x >= COLS || most <= 0)
        return;
    text_fit(text, (size_t)(most < COLS - x ? most : COLS - x), top->unicode, line, sizeof(line));
    mvaddstr(y, x, line);
}

/* The part of a text that one line has room for. Returns its bytes. */
static size_t put_part(const struct top *top, int y, int x, int room, const char *text)
{
    char part[LINE];
    size_t bytes = text_bytes(text, (size_t)room);

    if (!bytes) /* a character that is wider than the line */
        return strlen(text);
    snprintf(part, sizeof(part), "%.*s", (int)bytes, text);
    put(top, y, x, room, part);
    return bytes;
}

static void draw_verdict(const struct top *top, bool old)
{
    const json_t *problems = json_object_get(top->sight->status, "problems");
    const json_t *worst = json_array_get(problems, 0);
    size_t count = json_array_size(problems);
    char name[64], age[32], evidence[640], command[400], more[40] = "", line[LINE];

    if (!count) {
        use(top, old ? OLD : GOOD);
        put(top, 1, 0, COLS, "healthy");
        return;
    }
    member_text(worst, "problem", name, sizeof(name));
    member_text(worst, "age_ms", age, sizeof(age));
    member_text(worst, "evidence", evidence, sizeof(evidence));
    member_text(worst, "command", command, sizeof(command));
    if (count > 1)
        snprintf(more, sizeof(more), " (and %zu more)", count - 1);
    snprintf(line, sizeof(line), "PROBLEM%s: %s, for %s: %s", more, name, age, evidence);
    use(top, old ? OLD : BAD);
    put(top, 1, 0, COLS, line);
    snprintf(line, sizeof(line), "run: %s", command);
    put(top, 2, 0, COLS, line);
}

static void draw_minimum(const struct top *top)
{
    const json_t *minimum = top->sight->minimum, *holder = json_object_get(minimum, "holder");
    char age[32], id[32], user[48], name[48], line[LINE];

    member_text(minimum, "age_ms", age, sizeof(age));
    if (!minimum) {
        snprintf(line, sizeof(line), "minimum  not known");
    } else if (!json_is_object(holder)) {
        snprintf(line, sizeof(line), "minimum  held by none");
    } else {
        member_text(holder, "session_id", id, sizeof(id));
        member_text(holder, "user", user, sizeof(user));
        member_text(holder, "application", name, sizeof(name));
        snprintf(line, sizeof(line), "minimum  %s old, held by session %s %s %s", age, id, user,
                 name);
    }
    put(top, 4, 0, COLS, line);
}

/* The ages as bars of eight heights, the newest at the right, as many as fit. */
static void draw_ages(const struct top *top)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const plain[] = {"_", ".", ":", "-", "=", "+", "*", "#"};
    int count = top->n_ages < COLS - 9 ? top->n_ages : COLS - 9, n;
    const double *ages = top->ages + TOP_AGES - (count > 0 ? count : 0);
    double most = 1;

    if (count < 0 || mvaddstr(5, 0, "age      ") == ERR)
        return; /* there is no such line */
    for (n = 0; n < count; n++)
        if (ages[n] > most)
            most = ages[n];
    for (n = 0; n < count; n++)
        addstr((top->unicode ? bars : plain)[(size_t)(ages[n] / most * 7.0)]);
}

static void draw_counts(const struct top *top)
{
    char line[LINE];

    snprintf(line, sizeof(line), "sessions %.0f   statements/s %.0f   transactions/s %.0f",
             json_number_value(json_object_get(top->sight->status, "sessions")),
             top->statement_rate, top->transaction_rate);
    put(top, 3, 0, COLS, line);
}

/* Where it looks, or since when it has seen nothing. Returns whether what is shown is old. */
static bool draw_title(const struct top *top)
{
    uint64_t old_ms = rst_since(rst_monotonic_ms(), top->answered_ms);
    double every_s = top->options->watch_s > 0 ? top->options->watch_s : 1;
    bool old = (double)old_ms > every_s * 2000 + 500;
    char name[64], age[32], line[LINE];

    member_text(top->sight->status, "name", name, sizeof(name));
    if (old) {
        text_ms((double)old_ms, age, sizeof(age));
        snprintf(line, sizeof(line), "%s at %s: last answer %s ago%s%s", name, top->server, age,
                 *top->sight->error ? ": " : "", top->sight->error);
    } else {
        text_ms(top->uptime_ms, age, sizeof(age));
        snprintf(line, sizeof(line), "%s at %s, up %s", name, top->server, age);
    }
    use(top, old ? BAD : PLAIN);
    put(top, 0, 0, COLS, line);
    use(top, old ? OLD : PLAIN);
    return old;
}

/* Which columns fit, by urgency. */
static void choose(struct view *view)
{
    int left = COLS, need, last = 0;
    size_t urgency, n;

    for (urgency = 0; urgency < view->count; urgency++)
        for (n = 0; n < view->count; n++) {
            const struct shown *shown = &view->columns[n];

            if (shown->urgency != (int)urgency)
                continue;
            need = (shown->width ? shown->width : LEAST) + 1;
            if (need > left + 1)
                continue; /* the last column needs no gap behind it */
            view->chosen[n] = true;
            left -= need;
            if (!shown->width)
                last = LEAST;
        }
    view->rest = last + (left > 0 ? left : 0);
}

static void look_at(struct view *view, bool blockers)
{
    _Static_assert(COUNT_OF(tree_columns) <= COUNT_OF(list_columns), "room for what is chosen");

    memset(view, 0, sizeof(*view));
    view->columns = blockers ? tree_columns : list_columns;
    view->count = blockers ? COUNT_OF(tree_columns) : COUNT_OF(list_columns);
    choose(view);
}

static void draw_row(const struct top *top, int y, const json_t *row, const struct view *view)
{
    char text[LINE];
    int x = 0, width;
    size_t n;

    for (n = 0; n < view->count; n++) {
        const struct shown *shown = &view->columns[n];

        if (!view->chosen[n])
            continue;
        width = shown->width ? shown->width : view->rest;
        if (row)
            cell_text(row, &shown->column, text, sizeof(text));
        else
            snprintf(text, sizeof(text), "%s", shown->column.title);
        put(top, y, x, width, text);
        x += width + 1;
    }
}

/* The row that is selected stays so wherever it goes; when it has gone, the one in its place is. */
static void find_selected(struct top *top, int count)
{
    const json_t *rows = top_rows(top);
    int n;

    for (n = 0; n < count; n++)
        if (!strcmp(member_string(json_array_get(rows, (size_t)n), "id"), top->selected))
            top->row = n;
    if (top->row >= count)
        top->row = count ? count - 1 : 0;
    snprintf(top->selected, sizeof(top->selected), "%s",
             member_string(json_array_get(rows, (size_t)top->row), "id"));
    if (top->first > top->row)
        top->first = top->row;
    if (top->first < top->row - top->page + 1)
        top->first = top->row - top->page + 1;
}

static void draw_list(struct top *top, bool old)
{
    const json_t *rows = top_rows(top);
    int count = (int)json_array_size(rows), n;
    struct view view;

    top->page = LINES - HEADER - 1;
    if (top->page < 1)
        top->page = 1;
    find_selected(top, count);
    look_at(&view, top->sight->blockers);
    attrset(A_REVERSE);
    mvhline(HEADER - 1, 0, ' ', COLS);
    draw_row(top, HEADER - 1, NULL, &view);
    for (n = top->first; n < count && n - top->first < top->page; n++) {
        use(top, old ? OLD : PLAIN);
        if (n == top->row)
            attron(A_BOLD | A_UNDERLINE);
        draw_row(top, HEADER + n - top->first, json_array_get(rows, (size_t)n), &view);
    }
    attrset(0);
}

/* What the list has, and in which order. */
static void describe(const struct top *top, char *to, size_t size)
{
    const char *txn = top->wish.in_txn ? ", in transaction" : "";

    if (top->sight->blockers)
        snprintf(to, size, "in trees of waits, b: all sessions");
    else if (*top->wish.search)
        snprintf(to, size, "by %s%s, with \"%s\"", top->wish.sort, txn, top->wish.search);
    else
        snprintf(to, size, "by %s%s", top->wish.sort, txn);
}

/* What is asked or said, over as many lines as it takes, so that a question is read to its end. */
static void put_words(const struct top *top, const char *words)
{
    size_t lines = text_width(words) / (size_t)COLS + 1;
    int y = lines < (size_t)LINES ? LINES - (int)lines : 0;

    for (; y < LINES; y++) {
        move(y, 0);
        clrtoeol();
        words += put_part(top, y, 0, COLS, words);
    }
}

static void draw_foot(const struct top *top)
{
    char line[LINE], filter[160] = "";

    if (top->prompt) {
        snprintf(line, sizeof(line), "%s%s", top->question, top->typed);
        put_words(top, line);
    } else if (*top->message) {
        put_words(top, top->message);
    } else {
        describe(top, filter, sizeof(filter));
        snprintf(line, sizeof(line), "? help  q quit  %d-%zu of %lld %s", top->first + 1,
                 (size_t)top->first + (size_t)top->page < json_array_size(top_rows(top))
                     ? (size_t)top->first + (size_t)top->page
                     : json_array_size(top_rows(top)),
                 (long long)json_integer_value(json_object_get(top->sight->list, "matched")),
                 filter);
        move(LINES - 1, 0);
        clrtoeol();
        put(top, LINES - 1, 0, COLS, line);
    }
}

static void draw_help(const struct top *top)
{
    static const char *const lines[] = {
        "up, down         select a row",
        "PgUp, PgDn       a page",
        "Home, End        the first, the last",
        "Enter            all about the session",
        "/                search (empty: all)",
        "x                only in transaction",
        "b                the trees of waits",
        "s, S             next, previous order",
        "r                the other way round",
        "k                end the connection",
        "t                end the transaction",
        "K                cancel the statement",
        "i                end a connection by id",
        "space            ask now",
        "q                back, quit",
        "",
        "Each kill asks first. Press a key.",
    };
    size_t n;

    for (n = 0; n < sizeof(lines) / sizeof(lines[0]) && (int)n < LINES - 1; n++)
        put(top, (int)n, 0, COLS, lines[n]);
}

/* All members of the row, the long ones over several lines. */
static void draw_detail(const struct top *top)
{
    const json_t *row = json_array_get(top_rows(top), (size_t)top->row);
    const char *key, *at;
    json_t *value;
    char text[LINE * 4];
    int y = 0, room = COLS - 14 > 8 ? COLS - 14 : 8;

    json_object_foreach((json_t *)(uintptr_t)row, key, value)
    {
        member_text(row, key, text, sizeof(text));
        if (!*text || y >= LINES - 1)
            continue;
        put(top, y, 0, 13, key);
        for (at = text; *at && y < LINES - 1; y++)
            at += put_part(top, y, 14, room, at);
    }
    put(top, LINES - 1, 0, COLS, "q back  k, t, K end its connection, transaction, statement");
}

void top_draw(struct top *top)
{
    bool old;

    erase();
    attrset(0);
    if (top->mode == TOP_HELP) {
        draw_help(top);
    } else if (top->mode == TOP_DETAIL) {
        draw_detail(top);
    } else {
        old = draw_title(top);
        draw_verdict(top, old);
        use(top, old ? OLD : PLAIN);
        draw_counts(top);
        draw_minimum(top);
        draw_ages(top);
        draw_list(top, old);
    }
    if (top->prompt || *top->message || top->mode == TOP_LIST)
        draw_foot(top);
    refresh();
}
