/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The verdicts of a whole cluster: each problem of each server with its command, and the servers
 * from which there is none.
 */
#include "rosterctl/cluster.h"

#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBLEMS_MOST 100 /* of one server, which has fewer: what answers need not be one */

/* The command that finds the process which listens at an address; NULL: no memory. */
static char *finder(const char *address)
{
    const char *port = strrchr(address, ':');
    char *command = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&command, &size);

    if (!out)
        return NULL;
    if (!strncmp(address, "unix:", 5)) {
        fprintf(out, "ss -lxp | grep -F -- ");
        cluster_print_word(out, address + 5);
    } else {
        fprintf(out, "ss -ltnp 'sport = %s'", port ? port : "");
    }
    if (!fclose(out))
        return command;
    free(command);
    return NULL;
}

static json_t *sick_row(const char *name, const char *address, const char *problem,
                        const char *evidence, bool findable)
{
    char *command = findable ? finder(address) : NULL;
    json_t *row;

    row = json_pack("{s:s, s:s, s:b, s:I, s:s, s:s, s:s}", "server", name, "address", address,
                    "healthy", 0, "problems", (json_int_t)1, "problem", problem, "evidence",
                    evidence, "command", command ? command : "");
    free(command);
    return row;
}

/* Seen in the future is seen now: its clock and this one differ. */
json_t *cluster_gone_row(const struct gone *gone)
{
    char when[40] = "at a time that is not known", evidence[512];
    json_t *row;

    if (gone->seen_ms)
        time_show(gone->seen_ms, when, sizeof(when));
    snprintf(evidence, sizeof(evidence),
             "its lease has ended, and it was not stopped: seen last %s%s%s%s%s", when,
             *gone->record ? ", with the minimum " : "", gone->record,
             *gone->address ? "; it listened at " : "", gone->address);
    row = sick_row(gone->name, gone->address, "gone", evidence, *gone->address);
    if (gone->seen_ms)
        json_object_set_new(
            row, "age_ms",
            json_integer((json_int_t)rst_since(rst_wall_ms(), (uint64_t)gone->seen_ms)));
    return row;
}

/* One that refuses, or answers nonsense, does answer. */
json_t *cluster_silent_row(const struct server *server)
{
    bool silent = *server->address && server->reply.code == CTL_NO_SERVER;
    char error[sizeof(server->reply.error)], evidence[800];

    roster_text_show(server->reply.error, strlen(server->reply.error), error, sizeof(error));
    snprintf(evidence, sizeof(evidence), "%s%s%s", server->address, *server->address ? ": " : "",
             error);
    return sick_row(server->name, server->address, silent ? "silent" : "not known", evidence,
                    silent);
}

static void copy(json_t *row, const json_t *from, const char *key)
{
    json_t *value = json_object_get(from, key);

    if (value)
        json_object_set(row, key, value);
}

static void add_row(json_t *rows, const struct server *server, size_t count, const json_t *problem)
{
    json_t *row =
        json_pack("{s:s, s:s, s:b, s:I, s:s}", "server", server->name, "address", server->address,
                  "healthy", !count, "problems", (json_int_t)count, "problem", "healthy");

    copy(row, problem, "problem");
    copy(row, problem, "age_ms");
    copy(row, problem, "evidence");
    copy(row, problem, "command");
    copy(row, server->reply.json, "sessions");
    json_array_append_new(rows, row);
}

/* One for each problem, in the order in which the server has them: the worst first. */
static void add_rows(json_t *rows, const struct options *options, const struct server *server)
{
    const json_t *problems = json_object_get(server->reply.json, "problems");
    size_t count = json_array_size(problems), n;

    if (!count)
        add_row(rows, server, 0, NULL);
    for (n = 0; n < count && n < PROBLEMS_MOST; n++) {
        cluster_check_command(json_array_get(problems, n), options, server);
        add_row(rows, server, count, json_array_get(problems, n));
    }
}

/* Those without an answer first. */
static json_t *status_rows(const struct options *options, const struct servers *servers)
{
    json_t *rows = json_array(), *answered = json_array();
    size_t n;

    for (n = 0; n < servers->gone_count; n++)
        json_array_append_new(rows, cluster_gone_row(&servers->gone[n]));
    for (n = 0; n < servers->count; n++)
        if (servers->all[n].reply.code == CTL_OK)
            add_rows(answered, options, &servers->all[n]);
        else
            json_array_append_new(rows, cluster_silent_row(&servers->all[n]));
    answered = rows_sort(answered, "-problems");
    json_array_extend(rows, answered);
    json_decref(answered);
    return rows;
}

/* A terminal folds what it takes to see what is wrong, and does not cut it. */
static void print_problem(const json_t *row, bool with_evidence)
{
    static const char *const keys[] = {"server", "problem", "evidence", "command"};
    char texts[4][1024];
    size_t n;

    for (n = 0; n < 4; n++)
        member_text(row, keys[n], texts[n], sizeof(texts[n]));
    if (!with_evidence)
        texts[2][0] = '\0';
    if (!*texts[2] && !*texts[3])
        return;
    printf("%s, %s%s%s\n", texts[0], texts[1], *texts[2] ? ": " : "", texts[2]);
    if (*texts[3])
        printf("run: %s\n", texts[3]);
}

int cluster_status(const struct options *options, struct servers *servers)
{
    static const struct column columns[] = {
        {"server", "SERVER", COLUMN_TEXT, 24},
        {"problem", "STATE", COLUMN_TEXT, 0},
        {"age_ms", "FOR", COLUMN_MS, 0},
        {"problems", "PROBLEMS", COLUMN_NUMBER, 0},
        {"sessions", "SESSIONS", COLUMN_NUMBER, 0},
        {"evidence", "EVIDENCE", COLUMN_TEXT, 0},
        {"command", "RUN", COLUMN_TEXT, 0},
        {"address", "ADDRESS", COLUMN_TEXT, 0},
    };
    bool beside = !table_width(); /* the evidence */
    json_t *rows;
    size_t n;
    bool sick, table;
    int code;

    servers_ask(servers, options, NULL, NULL);
    rows = status_rows(options, servers);
    table = cluster_print_rows(options, rows, columns, 8, beside ? 6 : 5, "sessions,problems");
    for (n = 0; table && n < json_array_size(rows); n++)
        print_problem(json_array_get(rows, n), !beside);
    sick = member_number(json_array_get(rows, 0), "problems") > 0;
    json_decref(rows);
    code = servers_code(servers);
    return code == CTL_OK && sick ? CTL_UNHEALTHY : code;
}
