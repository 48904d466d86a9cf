/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rosterctl top: the whole server on one screen, live. This thread reads keys and draws, and never
 * waits for the server.
 */
#include "rosterctl/top.h"

#include <langinfo.h>
#include <ncurses.h>
#include <poll.h>
#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 50        /* how often a new sight is looked for */
#define MESSAGE_MS 15000  /* how long one is shown */
#define ROWS_AHEAD 100    /* beyond the last on the screen */
#define ROWS_MOST 1000000 /* that a server gives */

static const char *const orders[] = {"-time_ms", "id",        "user",    "application",
                                     "command",  "run_state", "-txn_ms", "wait_event"};

#define ORDERS (sizeof(orders) / sizeof(orders[0]))

static void say(struct top *top, const char *text)
{
    snprintf(top->message, sizeof(top->message), "%s", text);
    top->message_ms = rst_monotonic_ms();
}

static void wish(struct top *top)
{
    top->wish.limit = top->row + LINES + ROWS_AHEAD; /* what is selected stays among them */
    if (top->wish.limit > ROWS_MOST)
        top->wish.limit = ROWS_MOST;
    if (!top_asker_wish(top->asker, &top->wish))
        say(top, "nothing was ended: the server has not been sent the kill before");
    *top->wish.kill = '\0';
}

static void take_rates(struct top *top, const json_t *status)
{
    double passed = (member_value(status, "uptime_ms") - top->uptime_ms) / 1000;

    if (top->uptime_ms > 0 && passed > 0) {
        top->statement_rate = (member_value(status, "statements") - top->statements) / passed;
        top->transaction_rate =
            (member_value(status, "transactions_begun") - top->transactions) / passed;
    }
    top->statements = member_value(status, "statements");
    top->transactions = member_value(status, "transactions_begun");
    top->uptime_ms = member_value(status, "uptime_ms");
}

/* Shows what was found; where nothing was, what is shown stays and is old. */
static void take(struct top *top, struct top_sight *sight)
{
    if (*sight->said)
        say(top, sight->said);
    if (sight->code != CTL_OK) {
        if (top->sight)
            snprintf(top->sight->error, sizeof(top->sight->error), "%s", sight->error);
        if (sight->code == CTL_USAGE)
            say(top, sight->error);
        top_sight_free(sight);
        return;
    }
    top_sight_free(top->sight);
    top->sight = sight;
    top->answered_ms = sight->at_ms;
    take_rates(top, sight->status);
    memmove(top->ages, top->ages + 1, sizeof(top->ages) - sizeof(*top->ages));
    top->ages[TOP_AGES - 1] = member_value(sight->minimum, "age_ms");
    if (top->n_ages < TOP_AGES)
        top->n_ages++;
}

static void ask(struct top *top, const char *prompt, void (*answered)(struct top *top))
{
    top->prompt = prompt;
    top->answered = answered;
    *top->typed = '\0';
    if (prompt)
        snprintf(top->question, sizeof(top->question), "%s", prompt);
}

static void on_search(struct top *top)
{
    snprintf(top->wish.search, sizeof(top->wish.search), "%s", top->typed);
    top->first = 0;
    wish(top);
}

/* "statement" and "transaction" are also members of the row, with which one it is. */
static void on_kill(struct top *top)
{
    bool which = *top->seq != '\0';

    if (strcmp(top->typed, "y") != 0) {
        say(top, "nothing was ended");
        return;
    }
    snprintf(top->wish.kill, sizeof(top->wish.kill), "/kill?id=%s&target=%s%s%s%s%s", top->id,
             top->target, which ? "&" : "", which ? top->target : "", which ? "=" : "", top->seq);
    snprintf(top->wish.what, sizeof(top->wish.what), "%s of session %s", top->target, top->id);
    wish(top);
}

/* Says whose it is, since when, and what ending it gains. */
static void ask_kill(struct top *top, const json_t *row, const char *target)
{
    const json_t *minimum = top->sight->minimum;
    const char *seq = json_string_value(json_object_get(row, target));
    const char *holder =
        json_string_value(json_object_get(json_object_get(minimum, "holder"), "session_id"));
    bool of_txn = !strcmp(target, "transaction"), of_statement = !strcmp(target, "statement");
    char texts[4][40], gains[64] = "";

    snprintf(top->id, sizeof(top->id), "%s", member_string(row, "id"));
    snprintf(top->target, sizeof(top->target), "%s", target);
    snprintf(top->seq, sizeof(top->seq), "%s", seq ? seq : "");
    if (seq && !strcmp(seq, "0")) {
        say(top, of_txn ? "no transaction is open" : "no statement is running");
        return;
    }
    member_text(row, "user", texts[0], sizeof(texts[0]));
    member_text(row, "application", texts[1], sizeof(texts[1]));
    member_text(row, of_txn ? "txn_ms" : "time_ms", texts[2], sizeof(texts[2]));
    member_text(minimum, "gain_ms", texts[3], sizeof(texts[3]));
    if (holder && !strcmp(holder, top->id) && !of_statement)
        snprintf(gains, sizeof(gains), ", gains %s", texts[3]);
    ask(top, "", on_kill);
    snprintf(top->question, sizeof(top->question), "kill the %s of session %s (%s %s, %s%s)? (y) ",
             target, top->id, texts[0], texts[1], texts[2], gains);
}

static void kill_selected(struct top *top, const char *target)
{
    const json_t *row = json_array_get(top_rows(top), (size_t)top->row);

    if (row)
        ask_kill(top, row, target);
}

static void on_id(struct top *top)
{
    const json_t *rows = top_rows(top), *row;
    size_t n;

    if (!text_is_number(top->typed)) {
        say(top, "an id is a number");
        return;
    }
    json_array_foreach((json_t *)(uintptr_t)rows, n, row)
    {
        if (strcmp(member_string(row, "id"), top->typed) != 0)
            continue;
        ask_kill(top, row, "connection");
        return;
    }
    snprintf(top->id, sizeof(top->id), "%.20s", top->typed);
    snprintf(top->target, sizeof(top->target), "connection");
    *top->seq = '\0';
    ask(top, "", on_kill);
    snprintf(top->question, sizeof(top->question),
             "kill the connection of session %s, which is not on the screen? (y) ", top->id);
}

static void next_sort(struct top *top, size_t step)
{
    char text[96];
    size_t n = 0;

    while (n < ORDERS - 1 &&
           strcmp(orders[n] + (*orders[n] == '-'), top->wish.sort + (*top->wish.sort == '-')) != 0)
        n++;
    snprintf(top->wish.sort, sizeof(top->wish.sort), "%s", orders[(n + step) % ORDERS]);
    snprintf(text, sizeof(text), "sorted by %s", top->wish.sort);
    say(top, text);
    wish(top);
}

static void turn(struct top *top)
{
    char name[sizeof(top->wish.sort)];

    snprintf(name, sizeof(name), "%s", top->wish.sort);
    if (*name == '-')
        memmove(top->wish.sort, name + 1, strlen(name));
    else
        snprintf(top->wish.sort, sizeof(top->wish.sort), "-%.60s", name);
    wish(top);
}

static void go(struct top *top, int by)
{
    int count = (int)json_array_size(top_rows(top)), to = top->row + by;

    top->row = to < 0 ? 0 : to >= count ? (count ? count - 1 : 0) : to;
    snprintf(top->selected, sizeof(top->selected), "%s",
             member_string(json_array_get(top_rows(top), (size_t)top->row), "id"));
    if (count - top->row < ROWS_AHEAD / 2)
        wish(top); /* there may be more */
}

static void on_typed(struct top *top, int key)
{
    size_t length = strlen(top->typed);
    void (*answered)(struct top * top) = top->answered;

    if (key == '\n' || key == '\r' || key == KEY_ENTER) {
        top->prompt = NULL;
        answered(top);
    } else if (key == 27) {
        top->prompt = NULL;
    } else if ((key == KEY_BACKSPACE || key == 127 || key == 8) && length) {
        do
            top->typed[--length] = '\0';
        while (length && ((unsigned char)top->typed[length - 1] & 0xc0) == 0x80);
    } else if (key >= ' ' && key < 256 && key != 127 && length + 1 < sizeof(top->typed)) {
        top->typed[length] = (char)key;
        top->typed[length + 1] = '\0';
    }
}

static void on_move(struct top *top, int key)
{
    const struct {
        int key, by;
    } moves[] = {{KEY_UP, -1},           {KEY_DOWN, 1},          {KEY_PPAGE, -top->page},
                 {KEY_NPAGE, top->page}, {KEY_HOME, -ROWS_MOST}, {KEY_END, ROWS_MOST}};
    size_t n;

    for (n = 0; n < COUNT_OF(moves); n++)
        if (moves[n].key == key)
            go(top, moves[n].by);
}

static void on_action(struct top *top, int key)
{
    switch (key) {
    case '?':
    case 'h':
        top->mode = TOP_HELP;
        break;
    case '\n':
    case '\r':
    case KEY_ENTER:
        top->mode = TOP_DETAIL;
        break;
    case 's':
        next_sort(top, 1);
        break;
    case 'S':
        next_sort(top, ORDERS - 1);
        break;
    case 'r':
        turn(top);
        break;
    case 'x':
        top->wish.in_txn = !top->wish.in_txn;
        wish(top);
        break;
    case 'b':
        top->wish.blockers = !top->wish.blockers;
        top->first = 0;
        wish(top);
        break;
    case ' ':
        wish(top);
        break;
    case '/':
        ask(top, "search: ", on_search);
        break;
    case 'i':
        ask(top, "kill the connection of session: ", on_id);
        break;
    default:
        on_move(top, key);
        break;
    }
}

static void on_kill_key(struct top *top, int key)
{
    if (key == 'k')
        kill_selected(top, "connection");
    else if (key == 't')
        kill_selected(top, "transaction");
    else if (key == 'K')
        kill_selected(top, "statement");
}

/* Returns whether to go on. */
static bool on_key(struct top *top, int key)
{
    if (key == KEY_RESIZE)
        return true;
    if (top->prompt) {
        on_typed(top, key);
        return true;
    }
    *top->message = '\0';
    on_kill_key(top, key);
    if (top->mode == TOP_HELP || (top->mode == TOP_DETAIL && (key == 'q' || key == 27)))
        top->mode = TOP_LIST;
    else if (key == 'q')
        return false;
    else if (top->mode == TOP_LIST)
        on_action(top, key);
    return true;
}

static void start_colours(struct top *top)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment */
    const char *none = getenv("NO_COLOR");

    top->colours = !(none && *none) && has_colors();
    if (!top->colours)
        return;
    start_color();
    use_default_colors();
    init_pair(1, COLOR_GREEN, -1);
    init_pair(2, COLOR_RED, -1);
    init_pair(3, COLOR_YELLOW, -1);
}

/* A terminal that was closed is never waited for, and no signal says so where SIGHUP is ignored. */
static bool has_hung_up(void)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};

    return poll(&input, 1, 0) > 0 && input.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void run(struct top *top)
{
    struct top_sight *sight;
    int key;

    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    start_colours(top);
    timeout(LOOK_MS);
    do {
        sight = top_asker_take(top->asker);
        if (sight)
            take(top, sight);
        if (*top->message && rst_since(rst_monotonic_ms(), top->message_ms) > MESSAGE_MS)
            *top->message = '\0';
        top_draw(top);
        key = getch();
    } while (key == ERR ? !has_hung_up() : on_key(top, key));
}

/* What top needs of a terminal; says what is missing. */
static int check_terminal(void)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment */
    const char *term = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return ctl_error(CTL_USAGE, "top needs a terminal; without one: rosterctl ps, or "
                                    "rosterctl ps --watch");
    if (!table_can_move())
        return ctl_error(CTL_USAGE,
                         "top needs a terminal that can move its cursor, and TERM is \"%s\"; set "
                         "TERM to what yours is, such as xterm, or use rosterctl ps --watch",
                         term ? term : "");
    return CTL_OK;
}

int ctl_top(const struct options *options)
{
    struct top top = {.options = options, .wish = {.sort = "-time_ms", .limit = ROWS_AHEAD}};
    struct options asking = *options;
    SCREEN *screen;
    int code = check_terminal();

    if (code != CTL_OK)
        return code;
    asking.timeout_ms = TOP_TIMEOUT_MS;
    roster_text_redact(options->server, top.server, sizeof(top.server));
    top.sight = top_look(&asking, &top.wish);
    if (!top.sight)
        return ctl_error(CTL_FAILED, "out of memory");
    if (top.sight->code != CTL_OK) {
        code = ctl_error(top.sight->code, "%s: %s", top.server, top.sight->error);
        top_sight_free(top.sight);
        return code;
    }
    top.answered_ms = top.sight->at_ms;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the locale */
    top.unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
    screen = newterm(NULL, stdout, stdin);
    top.asker = screen ? top_asker_start(options, &top.wish) : NULL;
    if (top.asker) {
        take_rates(&top, top.sight->status);
        run(&top);
        top_asker_stop(top.asker);
    }
    if (screen) {
        endwin();
        delscreen(screen);
    }
    code = !screen      ? ctl_error(CTL_FAILED, "this terminal is not known to ncurses: TERM")
           : !top.asker ? ctl_error(CTL_FAILED, "no thread can be started")
                        : CTL_OK;
    top_sight_free(top.sight);
    return code;
}
