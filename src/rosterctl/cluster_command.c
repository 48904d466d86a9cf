/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Commands that servers name. What answers as a server need not be one, and a command is there to
 * be copied into a shell: so it is taken apart and made again, of what a verdict can have in it.
 */
#include "rosterctl/cluster.h"

#include <roster/text.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_MOST 512
#define WORDS_MOST 16

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "/._-:[]@%+,=";

struct words {
    char room[COMMAND_MOST];
    const char *all[WORDS_MOST];
    size_t count;
};

void cluster_print_word(FILE *out, const char *word)
{
    const char *at;

    if (*word && !word[strspn(word, plain)]) {
        fprintf(out, "%s", word);
        return;
    }
    putc('\'', out);
    for (at = word; *at; at++)
        if (*at == '\'')
            fprintf(out, "'\\''");
        else
            putc(*at, out);
    putc('\'', out);
}

/* The end of a word that a shell would take as it stands, with parts in single quotes; what it
 * means goes to `*to`, which moves on. NULL: a shell would do something with it. */
static const char *take_word(const char *at, char **to)
{
    const char *end;

    for (; *at && *at != ' '; at = end) {
        end = at + strspn(at, plain);
        if (end > at) {
            memcpy(*to, at, (size_t)(end - at));
            *to += end - at;
        } else if (at[0] == '\\' && at[1] == '\'') {
            *(*to)++ = '\'';
            end = at + 2;
        } else {
            end = *at == '\'' ? strchr(at + 1, '\'') : NULL;
            if (!end)
                return NULL;
            memcpy(*to, at + 1, (size_t)(end - at - 1));
            *to += end - at - 1;
            end++;
        }
    }
    *(*to)++ = '\0';
    return at;
}

/* False: it is not a command of some words, or has something in it that steers a terminal. */
static bool take_apart(const char *command, struct words *words)
{
    char shown[COMMAND_MOST], *to = words->room;
    const char *at = command;

    words->count = 0;
    if (!*command || strlen(command) >= COMMAND_MOST)
        return false;
    roster_text_show(command, strlen(command), shown, sizeof(shown));
    if (strcmp(command, shown) != 0)
        return false;
    for (;; at++) {
        if (words->count == WORDS_MOST)
            return false;
        words->all[words->count] = to;
        at = take_word(at, &to);
        if (!at || !*words->all[words->count++])
            return false;
        if (!*at)
            return true;
    }
}

static bool is_one_of(const char *word, const char *const *all)
{
    while (*all && strcmp(*all, word) != 0)
        all++;
    return *all;
}

/* "--sort=-time" is one of "--sort=". */
static bool is_option(const char *word)
{
    static const char *const options[] = {
        "--columns=", "--command=",     "--db=", "--search=",     "--since=",    "--sort=",
        "--user=",    "--transaction=", "-n",    "--transaction", "--statement", NULL};
    const char *const *one;
    size_t length;

    for (one = options; *one; one++) {
        length = strlen(*one);
        if ((*one)[length - 1] == '=' ? !strncmp(word, *one, length) : !strcmp(word, *one))
            return true;
    }
    return false;
}

/* What follows the command's name: options of a list or a kill, and numbers. With the store also a
 * name, of a barrier or of a server with the number of its session. */
static bool are_arguments(const char *const *words, size_t count, bool of_store)
{
    bool options = true;
    size_t n;

    for (n = 0; n < count; n++)
        if (options && of_store && !strcmp(words[n], "--"))
            options = false;
        else if (options && *words[n] == '-'
                     ? !is_option(words[n])
                     : !of_store && words[n][strspn(words[n], "0123456789")])
            return false;
    return true;
}

/* Of a server's own, with its address: the number of words before the arguments; 0: none of them.
 */
static size_t begins_of_server(const struct words *words)
{
    static const char *const names[] = {"activity",  "events", "groups", "holders",
                                        "kill",      "locks",  "min",    "ps",
                                        "safepoint", "status", "trx",    NULL};

    return words->count > 3 && !strcmp(words->all[0], "rosterctl") &&
                   !strcmp(words->all[1], "-s") && is_one_of(words->all[3], names)
               ? 4
               : 0;
}

/* The same behind a cluster's store. */
static size_t begins_of_store(const struct words *words)
{
    static const char *const names[] = {"kill", "status", NULL};

    if (words->count > 1 && !strcmp(words->all[0], "barrier") && !strcmp(words->all[1], "delete"))
        return 2;
    return is_one_of(words->all[0], names) ? 1 : 0;
}

/* False: no verdict names such a command. A server does not know by which address it, or the store,
 * was named here. */
static bool print_command(FILE *out, const struct options *options, const struct server *server,
                          const char *command)
{
    static const char *const others[] = {"lslocks --output COMMAND,PID,MODE,PATH",
                                         "etcdctl alarm list || df -h", "timedatectl set-ntp true",
                                         NULL};
    static const char store_then[] = "rosterctl --store=\"$ROSTER_STORE\" ";
    bool of_store = !strncmp(command, store_then, sizeof(store_then) - 1);
    struct words words = {.count = 0};
    size_t first, n;
    char store[512];

    if (is_one_of(command, others)) {
        fprintf(out, "%s", command);
        return true;
    }
    if (!take_apart(command + (of_store ? sizeof(store_then) - 1 : 0), &words))
        return false;
    first = of_store ? begins_of_store(&words) : begins_of_server(&words);
    if (!first || !are_arguments(words.all + first, words.count - first, of_store))
        return false;
    roster_text_redact(options->store, store, sizeof(store));
    fprintf(out, "rosterctl %s", of_store ? "--store=" : "-s ");
    if (of_store && !options->store) /* which is known to the operator only */
        fprintf(out, "\"$ROSTER_STORE\"");
    else
        cluster_print_word(out, of_store ? store : server->address);
    for (n = of_store ? 0 : 3; n < words.count; n++) {
        putc(' ', out);
        cluster_print_word(out, words.all[n]);
    }
    return true;
}

/* The command as it may be shown; NULL: it may not. */
static char *make_again(const json_t *value, const struct options *options,
                        const struct server *server)
{
    const char *command = json_string_value(value);
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    bool known = out && strlen(command) == json_string_length(value) &&
                 print_command(out, options, server, command);

    if ((out && fclose(out)) || !known) {
        free(text);
        return NULL;
    }
    return text;
}

void cluster_check_command(json_t *problem, const struct options *options,
                           const struct server *server)
{
    static const char hidden[] =
        "the command that it names is not one of a verdict, so it is not shown";
    const json_t *value = json_object_get(problem, "command");
    bool named = json_string_length(value) > 0;
    char *again = named ? make_again(value, options, server) : NULL, evidence[1024];
    size_t length;

    if (named && !again) {
        text_string(json_object_get(problem, "evidence"), evidence,
                    sizeof(evidence) - sizeof(hidden) - 2);
        length = strlen(evidence);
        snprintf(evidence + length, sizeof(evidence) - length, "%s%s", length ? "; " : "", hidden);
        json_object_set_new(problem, "evidence", json_string(evidence));
    }
    json_object_del(problem, "command"); /* whatever becomes of the next one */
    json_object_set_new(problem, "command", json_string(again ? again : ""));
    free(again);
}

void cluster_check_commands(json_t *status, const struct options *options)
{
    struct server server = {.name = ""};
    json_t *problem;
    size_t n;

    roster_text_redact(options->server, server.address, sizeof(server.address));
    json_array_foreach(json_object_get(status, "problems"), n, problem)
    {
        if (json_is_object(problem))
            cluster_check_command(problem, options, &server);
    }
}
