/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rosterctl top: the whole server on one screen, live.
 */
#include "config.h"

#include "rosterctl/rosterctl.h"

#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AGES 60
#define HEADER 7       /* lines above the list */
#define ROWS_AHEAD 500 /* more than a terminal has */

struct top {
    const struct options *options;
    json_t *rows;                               /* of the sessions; NULL before the first look */
    double statements, transactions, uptime_ms; /* at the last look */
    double statement_rate, transaction_rate;
    double sessions;
    double ages[AGES]; /* of the minimum, the newest last */
    char name[64], verdict[256], holder[160], message[160], filter[64];
    const char *sort;
    bool in_txn;
    int selected;
};

static const struct column columns[] = {
    {"id", "ID", COLUMN_NUMBER, 0},
    {"user", "USER", COLUMN_TEXT, 14},
    {"application", "NAME", COLUMN_TEXT, 14},
    {"host", "HOST", COLUMN_TEXT, 22},
    {"db", "DB", COLUMN_TEXT, 10},
    {"command", "COMMAND", COLUMN_TEXT, 8},
    {"time_ms", "TIME", COLUMN_MS, 0},
    {"state", "STATE", COLUMN_TEXT, 14},
    {"info", "INFO", COLUMN_TEXT, 0},
};

static const int widths[] = {8, 14, 14, 22, 10, 8, 10, 14, 0};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* The worst problem, and how many more there are. */
static void take_verdict(struct top *top, const json_t *problems)
{
    static const struct column name = {"problem", "", COLUMN_TEXT, 0};
    static const struct column age = {"age_ms", "", COLUMN_MS, 0};
    static const struct column evidence = {"evidence", "", COLUMN_TEXT, 0};
    const json_t *worst = json_array_get(problems, 0);
    size_t others = json_array_size(problems);
    char texts[3][128], more[40] = "";

    if (!others) {
        snprintf(top->verdict, sizeof(top->verdict), "healthy");
        return;
    }
    cell_text(worst, &name, texts[0], 40);
    cell_text(worst, &age, texts[1], 24);
    cell_text(worst, &evidence, texts[2], sizeof(texts[2]));
    if (others > 1)
        snprintf(more, sizeof(more), " (and %zu more)", others - 1);
    snprintf(top->verdict, sizeof(top->verdict), "PROBLEM%s: %.40s, for %.24s: %.120s", more,
             texts[0], texts[1], texts[2]);
}

static void take_status(struct top *top, const json_t *status)
{
    double passed = (number(status, "uptime_ms") - top->uptime_ms) / 1000;

    if (top->uptime_ms > 0 && passed > 0) {
        top->statement_rate = (number(status, "statements") - top->statements) / passed;
        top->transaction_rate = (number(status, "transactions_begun") - top->transactions) / passed;
    }
    top->statements = number(status, "statements");
    top->transactions = number(status, "transactions_begun");
    top->uptime_ms = number(status, "uptime_ms");
    top->sessions = number(status, "sessions");
    take_verdict(top, json_object_get(status, "problems"));
    text_string(json_object_get(status, "name"), top->name, sizeof(top->name));
}

static void take_minimum(struct top *top, const json_t *min)
{
    static const struct column id = {"session_id", "", COLUMN_TEXT, 0};
    static const struct column user = {"user", "", COLUMN_TEXT, 0};
    static const struct column name = {"application", "", COLUMN_TEXT, 0};
    static const struct column held = {"held_ms", "", COLUMN_MS, 0};
    const json_t *holder = json_object_get(min, "holder");
    char texts[4][32];

    memmove(top->ages, top->ages + 1, sizeof(top->ages) - sizeof(*top->ages));
    top->ages[AGES - 1] = number(min, "age_ms");
    if (!json_is_object(holder)) {
        snprintf(top->holder, sizeof(top->holder), "none");
        return;
    }
    cell_text(holder, &id, texts[0], sizeof(texts[0]));
    cell_text(holder, &user, texts[1], sizeof(texts[1]));
    cell_text(holder, &name, texts[2], sizeof(texts[2]));
    cell_text(holder, &held, texts[3], sizeof(texts[3]));
    snprintf(top->holder, sizeof(top->holder), "session %s %s %s for %s", texts[0], texts[1],
             texts[2], texts[3]);
}

static void take_rows(struct top *top, json_t *rows)
{
    json_decref(top->rows);
    top->rows = json_incref(rows);
}

/* Returns CTL_OK or what went wrong, which is then the message. */
static int look(struct top *top)
{
    struct options list = *top->options;
    struct reply status = ctl_ask(top->options, "GET", "/status");
    struct reply min = {.code = status.code}, rows = {.code = status.code};
    int code = status.code;
    char limit[24];

    list.in_txn = top->in_txn;
    list.sort = top->sort;
    list.search = *top->filter ? top->filter : NULL;
    snprintf(limit, sizeof(limit), "%d", top->selected + ROWS_AHEAD);
    list.limit = limit;
    if (code == CTL_OK) {
        min = ctl_ask(top->options, "GET", "/minimum");
        rows = ctl_rows(&list, "/processlist");
        code = rows.code;
    }
    if (code == CTL_OK) {
        take_status(top, status.json);
        take_minimum(top, min.json);
        take_rows(top, json_object_get(rows.json, "rows"));
    } else {
        snprintf(top->message, sizeof(top->message), "%.150s",
                 *status.error ? status.error : rows.error);
    }
    reply_free(&status);
    reply_free(&min);
    reply_free(&rows);
    return code;
}

/* The ages as bars of eight heights. */
static void draw_ages(const struct top *top)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double most = 1;
    size_t n;

    for (n = 0; n < AGES; n++)
        if (top->ages[n] > most)
            most = top->ages[n];
    for (n = 0; n < AGES; n++)
        addstr(bars[(size_t)(top->ages[n] / most * 7.0)]);
}

static void draw_header(const struct top *top)
{
    char uptime[32], age[32];

    text_ms(top->uptime_ms, uptime, sizeof(uptime));
    text_ms(top->ages[AGES - 1], age, sizeof(age));
    mvprintw(0, 0, "%s at %s, up %s", top->name, top->options->server, uptime);
    mvaddnstr(1, 0, top->verdict, COLS);
    mvprintw(2, 0, "sessions %.0f   statements/s %.0f   transactions/s %.0f", top->sessions,
             top->statement_rate, top->transaction_rate);
    mvprintw(3, 0, "minimum  %s old, held by %s", age, top->holder);
    mvaddstr(4, 0, "age      ");
    draw_ages(top);
    mvprintw(5, 0, "%s",
             *top->message ? top->message
                           : "q quit  s sort  x in transaction  / filter  arrows "
                             "select  k kill  t end transaction  K kill statement");
}

static void draw_row(int y, const json_t *row)
{
    char text[512];
    int x = 0;
    size_t n;

    for (n = 0; n < COLUMNS && x < COLS; n++) {
        if (row)
            cell_text(row, &columns[n], text, sizeof(text));
        else
            snprintf(text, sizeof(text), "%s", columns[n].title);
        mvaddnstr(y, x, text, widths[n] ? widths[n] : COLS - x);
        x += widths[n] + 1;
    }
}

static void draw(struct top *top)
{
    int lines = LINES - HEADER, count = (int)json_array_size(top->rows), n, first;

    if (top->selected >= count)
        top->selected = count ? count - 1 : 0;
    first = top->selected < lines ? 0 : top->selected - lines + 1;
    erase();
    draw_header(top);
    attron(A_REVERSE);
    mvhline(HEADER - 1, 0, ' ', COLS);
    draw_row(HEADER - 1, NULL);
    attroff(A_REVERSE);
    for (n = first; n < count && n - first < lines; n++) {
        if (n == top->selected)
            attron(A_BOLD);
        draw_row(HEADER + n - first, json_array_get(top->rows, (size_t)n));
        attroff(A_BOLD);
    }
    refresh();
}

static void ask_text(const char *prompt, char *to, int size)
{
    move(5, 0);
    clrtoeol();
    addstr(prompt);
    echo();
    timeout(-1);
    if (getnstr(to, size - 1) == ERR)
        *to = '\0';
    noecho();
}

/* `target` is the name of a member of the row, too, but for a connection. */
static void kill_selected(struct top *top, const char *target)
{
    const json_t *row = json_array_get(top->rows, (size_t)top->selected);
    const char *id = json_string_value(json_object_get(row, "id"));
    const char *seq = json_string_value(json_object_get(row, target));
    struct reply reply;
    char path[160], answer[8];

    if (!id)
        return;
    snprintf(path, sizeof(path), "kill the %s of session %.20s? (y) ", target, id);
    ask_text(path, answer, sizeof(answer));
    if (strcmp(answer, "y") != 0)
        return;
    snprintf(path, sizeof(path), "/kill?id=%.20s&target=%s%s%s%s%.20s", id, target, seq ? "&" : "",
             seq ? target : "", seq ? "=" : "", seq ? seq : "");
    reply = ctl_ask(top->options, "POST", path);
    snprintf(top->message, sizeof(top->message), "session %.20s: %.100s", id,
             reply.code == CTL_OK ? "delivered" : reply.error);
    reply_free(&reply);
}

static void next_sort(struct top *top)
{
    static const char *const orders[] = {"-time_ms",    "id",      "user",
                                         "application", "command", "state"};
    size_t n = 0;

    while (n < 5 && strcmp(orders[n], top->sort) != 0)
        n++;
    top->sort = orders[(n + 1) % 6];
    snprintf(top->message, sizeof(top->message), "sorted by %s", top->sort);
}

/* Returns whether to go on. */
static bool on_key(struct top *top, int key)
{
    if (key != ERR)
        *top->message = '\0';
    switch (key) {
    case 'q':
        return false;
    case 's':
        next_sort(top);
        break;
    case 'x':
        top->in_txn = !top->in_txn;
        break;
    case '/':
        ask_text("filter: ", top->filter, sizeof(top->filter));
        break;
    case 'k':
        kill_selected(top, "connection");
        break;
    case 't':
        kill_selected(top, "transaction");
        break;
    case 'K':
        kill_selected(top, "statement");
        break;
    case KEY_UP:
        top->selected -= top->selected > 0;
        break;
    case KEY_DOWN:
        top->selected++;
        break;
    default:
        break;
    }
    return true;
}

int ctl_top(const struct options *options)
{
    struct top top = {.options = options, .sort = "-time_ms"};
    int code;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return ctl_error(CTL_USAGE, "top needs a terminal");
    code = look(&top);
    if (code != CTL_OK)
        return ctl_error(code, "%s: %s", options->server, top.message);
    if (!initscr())
        return ctl_error(CTL_FAILED, "cannot use this terminal");
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    do {
        (void)look(&top);
        draw(&top);
        timeout(options->watch_s > 0 ? (int)(options->watch_s * 1000) : 1000);
    } while (on_key(&top, getch()));
    endwin();
    json_decref(top.rows);
    return CTL_OK;
}
