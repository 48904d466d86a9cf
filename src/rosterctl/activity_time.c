/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * activity --by=time: when the active sessions did what.
 */
#include "rosterctl/rosterctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 30       /* of a table, unless something else is asked for */
#define GROUPS_MOST 8 /* that a table has a column for, if there is room */
#define GROUPS_CSV 32
#define SHOWN_MOST 20 /* also where they are classes of waits */
#define MS_MOST ((json_int_t)1 << 50)
#define FIRST 3 /* column of a group: before it are at_ms, times and dropped */
#define KEY 24

/* What lasts a whole number of times in the next unit that people have, so that rows begin with
 * round times. */
static json_int_t round_step(json_int_t span_ms, size_t rows)
{
    static const json_int_t steps[] = {1000,    2000,    5000,     10000,    15000,   30000,
                                       60000,   120000,  300000,   600000,   900000,  1800000,
                                       3600000, 7200000, 10800000, 21600000, 43200000};
    size_t n;

    for (n = 0; n < sizeof(steps) / sizeof(steps[0]); n++)
        if (span_ms / steps[n] <= (json_int_t)rows)
            return steps[n];
    return 86400000;
}

static struct reply ask(const struct options *options, const char *path,
                        const struct steps_asked *asked, size_t groups)
{
    struct steps_asked wanted = *asked;
    char whole[4096], number[24];

    wanted.most = groups;
    snprintf(whole, sizeof(whole), "%s", path);
    snprintf(number, sizeof(number), "%lld", (long long)asked->step);
    ctl_add_argument(whole, sizeof(whole), "step", number);
    if (options->store)
        return cluster_ask(options, servers_steps, whole, &wanted);
    ctl_add_argument(whole, sizeof(whole), "by", asked->by);
    if (asked->by) {
        snprintf(number, sizeof(number), "%zu", groups);
        ctl_add_argument(whole, sizeof(whole), "limit", number);
    }
    return ctl_ask(options, "GET", whole);
}

static double number_at(const json_t *point, size_t n)
{
    return json_number_value(json_array_get(point, n));
}

/* What answers need not be a server, and sums of times fit. */
static json_int_t ms_of(const json_t *value)
{
    json_int_t ms = json_integer_value(value);

    return ms > 0 && ms < MS_MOST ? ms : 0;
}

/* Sessions that were active in a step on average, as far as it is known what they did. */
static double active_in(const json_t *point)
{
    double sum = 0, times = number_at(point, 1);
    size_t n;

    for (n = FIRST; n < json_array_size(point); n++)
        sum += number_at(point, n);
    return times > 0 ? sum / times : 0;
}

static const json_t *peak_of(const json_t *points)
{
    const json_t *point, *peak = NULL;
    size_t n;

    json_array_foreach(points, n, point)
    {
        if (!peak || active_in(point) > active_in(peak))
            peak = point;
    }
    return peak;
}

/* When most sessions were active. Nothing if none were. */
static void print_peak(const json_t *reply, const char *more)
{
    const json_t *peak = peak_of(json_object_get(reply, "points"));
    json_int_t step = ms_of(json_object_get(reply, "step_ms"));
    char when[40], length[32];

    if (!peak || active_in(peak) <= 0)
        return;
    time_show(ms_of(json_array_get(peak, 0)), when, sizeof(when));
    when[strcspn(when, ".")] = '\0';
    text_ms((double)step, length, sizeof(length));
    printf("most at %s, for %s: %.2f%s\n", when, length, active_in(peak), more);
}

void activity_print_peak(const struct options *options, const char *path,
                         const struct steps_asked *asked)
{
    struct steps_asked wanted = *asked;
    struct reply reply;

    if (options->store) { /* its servers would be asked, and complained of, twice */
        puts("when most were: --by=time");
        return;
    }
    wanted.by = NULL;
    wanted.step = round_step(asked->to - asked->from, ROWS);
    reply = ask(options, path, &wanted, GROUPS_MOST);
    if (reply.code == CTL_OK)
        print_peak(reply.json, "; --by=time has its course");
    reply_free(&reply);
}

static void print_sum(const json_t *reply)
{
    const json_t *point;
    double times = 0, samples = 0, dropped = 0;
    size_t n;

    json_array_foreach(json_object_get(reply, "points"), n, point)
    {
        times += number_at(point, 1);
        samples += active_in(point) * number_at(point, 1);
        dropped += number_at(point, 2);
    }
    printf("%.2f sessions active on average\n", times > 0 ? samples / times : 0);
    if (dropped > 0 && times > 0)
        printf("what %.2f more did was not kept\n", dropped / times);
    print_peak(reply, "");
}

/* "5.00"; nothing for 0, so that what is there stands out. */
static void set_average(json_t *row, const char *key, double samples, double times)
{
    char text[32];

    snprintf(text, sizeof(text), "%.2f", times > 0 ? samples / times : 0);
    json_object_set_new(row, key, json_string(samples > 0 ? text : ""));
}

static json_t *row_of(const json_t *point)
{
    json_t *row = json_object();
    char key[KEY], text[32];
    size_t n;

    snprintf(text, sizeof(text), "%.2f", active_in(point));
    json_object_set_new(row, "average", json_string(text));
    for (n = FIRST; n < json_array_size(point) && n < COLUMNS_MOST; n++) {
        snprintf(key, sizeof(key), "%zu", n);
        set_average(row, key, number_at(point, n), number_at(point, 1));
    }
    return row;
}

static void set_time(json_t *row, json_int_t at_ms)
{
    char when[40];

    time_show(at_ms, when, sizeof(when));
    when[strcspn(when, ".")] = '\0';
    json_object_set_new(row, "time", json_string(when));
}

/* A row for each step, from the first that has a sample; of those between that have none it is said
 * that nothing is known. */
static json_t *table_rows(const json_t *reply)
{
    json_int_t step = ms_of(json_object_get(reply, "step_ms")), at = 0, next = 0;
    json_t *rows = json_array(), *row;
    const json_t *point;
    size_t n;

    json_array_foreach(json_object_get(reply, "points"), n, point)
    {
        at = ms_of(json_array_get(point, 0));
        for (; n && step > 0 && next < at && json_array_size(rows) < COLUMNS_MOST * ROWS;
             next += step) {
            row = json_pack("{s:s}", "average", "no data");
            set_time(row, next);
            json_array_append_new(rows, row);
        }
        row = row_of(point);
        set_time(row, at);
        json_array_append_new(rows, row);
        next = at + step;
    }
    return rows;
}

/* A group, as a column of the table. */
struct shown {
    char key[KEY], title[40];
    double sum;
};

static int largest_first(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;

    return (x->sum < y->sum) - (x->sum > y->sum);
}

/* Those that have samples. Returns how many. */
static size_t find_shown(const json_t *reply, struct shown shown[SHOWN_MOST])
{
    const json_t *names = json_object_get(reply, "columns"), *point;
    size_t n, m, count = 0;

    for (n = FIRST; n < json_array_size(names) && count < SHOWN_MOST; n++) {
        shown[count].sum = 0;
        json_array_foreach(json_object_get(reply, "points"), m, point)
        {
            shown[count].sum += number_at(point, n);
        }
        if (shown[count].sum <= 0)
            continue;
        snprintf(shown[count].key, KEY, "%zu", n);
        text_string(json_array_get(names, n), shown[count].title, sizeof(shown[count].title));
        count++;
    }
    qsort(shown, count, sizeof(*shown), largest_first);
    return count;
}

/* A column for each group, of which the smaller ones are left out first. */
static void print_table(const json_t *reply)
{
    struct column columns[SHOWN_MOST + 2] = {{"time", "TIME", COLUMN_TEXT, 0},
                                             {"average", "AVERAGE", COLUMN_NUMBER, 0}};
    struct shown shown[SHOWN_MOST] = {{"", "", 0}};
    size_t count = find_shown(reply, shown), n, length = 0;
    char spare[SHOWN_MOST * (KEY + 1)] = "";
    json_t *rows = table_rows(reply);

    for (n = 0; n < count; n++)
        columns[n + 2] = (struct column){shown[n].key, shown[n].title, COLUMN_NUMBER, 0};
    for (n = count; n-- > 0;)
        length += (size_t)snprintf(spare + length, sizeof(spare) - length, "%s%s",
                                   length ? "," : "", shown[n].key);
    if (json_array_size(rows))
        table_print(rows, columns, count + 2, spare);
    json_decref(rows);
}

/* A row for each group in each step, since what groups are called is no name of a column. */
static void print_csv(const json_t *reply, const char *by)
{
    const json_t *groups = json_object_get(reply, "groups"),
                 *names = json_object_get(reply, "columns"), *point;
    struct column columns[COLUMNS_MOST] = {{"at_ms", "", COLUMN_NUMBER, 0},
                                           {"average", "", COLUMN_NUMBER, 0},
                                           {"other", "", COLUMN_TEXT, 0}};
    size_t n, m, count = 3;
    json_t *rows = json_array(), *row;

    count += activity_columns(by ? by : "wait_class", columns + count);
    json_array_foreach(json_object_get(reply, "points"), n, point)
    {
        for (m = FIRST; m < json_array_size(point); m++) {
            const json_t *group = json_array_get(groups, m - FIRST);

            if (number_at(point, m) <= 0)
                continue;
            row = json_is_object(group) ? json_copy((json_t *)(uintptr_t)group) : json_object();
            json_object_set(row, "at_ms", json_array_get(point, 0));
            set_average(row, "average", number_at(point, m), number_at(point, 1));
            if (m + 1 == json_array_size(point))
                json_object_set_new(row, "other", json_string("other"));
            else if (!by)
                json_object_set(row, "wait_class", json_array_get(names, m));
            json_array_append_new(rows, row);
        }
    }
    table_print_csv(rows, columns, count);
    json_decref(rows);
}

int activity_over_time(const struct options *options, const char *path, struct steps_asked *asked)
{
    struct reply reply;
    char length[32];
    size_t rows;

    if (!rows_wanted(options, ROWS, &rows) || rows > 1000)
        return ctl_error(CTL_USAGE, "--limit takes a number of steps from 1 to 1000, not \"%s\"",
                         options->limit);
    asked->step = round_step(asked->to - asked->from, rows);
    reply = ask(options, path, asked, ctl_for_program(options) ? GROUPS_CSV : GROUPS_MOST);
    if (reply.code != CTL_OK)
        return ctl_finish(options, &reply);
    if (options->json) {
        ctl_print_json(reply.json, JSON_INDENT(1));
    } else if (options->csv) {
        print_csv(reply.json, asked->by);
    } else {
        print_sum(reply.json);
        text_ms((double)ms_of(json_object_get(reply.json, "step_ms")), length, sizeof(length));
        if (json_array_size(json_object_get(reply.json, "points")))
            print_table(reply.json);
        else /* nothing was sampled in that time; or it has been, in the step that goes on */
            printf("no step has a sample; one of %s is shown when it is over\n", length);
    }
    return ctl_finish(options, &reply);
}
