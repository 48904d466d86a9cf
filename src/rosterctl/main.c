/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * rosterctl: inspects and controls servers that use Roster.
 */
#include "rosterctl/rosterctl.h"

#include "core/base/descriptors.h"

#include <argp.h>
#include <curl/curl.h>
#include <locale.h>
#include <roster/text.h>
#include <roster/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AGES_MOST 64

/* Keys of options without a letter that are more than a text to keep; 0 stands for any other. */
enum { OUTPUT_KEY = 256, STORE_PASSWORD_KEY, USAGE_KEY, FREE_KEY };

#define OWN KEEP_NOTHING, 0
#define OPTIONAL KEEP_OPTIONAL, 0 /* it need not have a value */
#define TEXT(member) KEEP_TEXT, offsetof(struct options, member)
#define FLAG(member) KEEP_FLAG, offsetof(struct options, member)

/* An option: which commands take it (0: all), whether its text, or that it was given, is kept, its
 * group in the help and its text there. */
static struct known {
    const char *name;
    int key;
    const char *value;
    unsigned takes;
    enum { KEEP_NOTHING, KEEP_OPTIONAL, KEEP_TEXT, KEEP_FLAG } keep;
    size_t place;
    int group;
    const char *help;
} known[] = {
    {"server", 's', "ADDRESS", 0, OWN, 0,
     "the status endpoint: HOST:PORT or unix:PATH ($ROSTER_SERVER, else " DEFAULT_SERVER ")"},
    {"all", 0, NULL, ALL, FLAG(all), 0,
     "all servers that have a socket in $XDG_RUNTIME_DIR/roster or /run/roster"},
    {"token-file", 't', "FILE", 0, OWN, 0,
     "read the token for kill and drain from FILE (else $ROSTER_TOKEN)"},
    {"json", 'j', NULL, OUTPUT, OWN, 1, "print JSON"},
    {"output", OUTPUT_KEY, "FORMAT", OUTPUT, OWN, 1, "table, csv or json"},
    {"user", 'u', "NAME", WHO, TEXT(user), 2, "only sessions of this user"},
    {"db", 'd', "NAME", WHO, TEXT(db), 2, "only sessions in this database"},
    {"kind", 'k', "KIND", WHO, TEXT(kind), 2, "only user, internal or background sessions"},
    {"command", 'c', "COMMAND", LISTS, TEXT(command), 2,
     "only sessions that run this: Sleep, Query, ..."},
    {"state", 'S', "STATE", WHO, TEXT(state), 2,
     "only Idle, Running, LockWaiting, Committing, RollingBack"},
    {"application", 0, "NAME", WHO, TEXT(application), 2, "only sessions of this application"},
    {"wait-event", 0, "EVENT", WHO, TEXT(wait_event), 2,
     "only sessions that wait for this: an event, a class, or CLASS:EVENT; empty: not waiting"},
    {"digest", 0, "DIGEST", WHO, TEXT(digest), 2, "only statements with this digest"},
    {"blocker", 0, "ID", LISTS, TEXT(blocker), 2, "only sessions that wait for this one"},
    {"holder", 0, "KIND", HOLDERS, TEXT(holder), 2,
     "only holders of this kind: transaction, pin, or a kind of pin: cursor, backup, ..."},
    {"min-ms", 'm', "MS", LISTS, TEXT(min_ms), 2, "only rows that have lasted at least this long"},
    {"in-txn", 'x', NULL, LISTS, FLAG(in_txn), 2, "only sessions inside a transaction"},
    {"limit", 'n', "N", LIMIT, TEXT(limit), 2, "at most N rows"},
    {"sort", 'o', "COLUMN", LISTS, TEXT(sort), 2, "sort by a column; -COLUMN: the largest first"},
    {"search", 0, "TEXT", LISTS, TEXT(search), 2,
     "only rows with this in a name, a state or the statement"},
    {"columns", 0, "NAME,...", LISTS, TEXT(columns), 2, "these columns, in this order"},
    {"full", 'F', NULL, FULL, FLAG(full), 2, "full statements; in a history, the digests"},
    {"since", 0, "TIME", SINCE, TEXT(since), 2,
     "only from this time on: -15m, 21:03, 2026-11-29T10:00:00Z, or after an event's id"},
    {"until", 0, "TIME", UNTIL, TEXT(until), 2, "only before this time, in the same forms (now)"},
    {"by", 0, "NAME,...", BY, TEXT(by), 2,
     "group activity by: time, state, wait, digest, user, db, application, kind, and server with "
     "--store"},
    {"follow", 'f', NULL, FOLLOW, FLAG(follow), 2, "then print new events as they arrive"},
    {"watch", 'w', "SECONDS", WATCH, OPTIONAL, 2, "repeat every SECONDS (2)"},
    {"statement", 'q', "N", KILL, OPTIONAL, 3,
     "cancel the running statement only (or only statement N)"},
    {"transaction", 'T', "START_TS", KILL, OPTIONAL, 3,
     "end the open transaction only (or only the one that began at START_TS)"},
    {"wait", 'W', "SECONDS", WAIT, OPTIONAL, 3,
     "wait at most SECONDS until the killed statement, transaction or session has ended, or the "
     "drained server has exited"},
    {"store", 0, "STORE", STORE, TEXT(store), 4,
     "the cluster's store: sqlite:PATH or etcd:URL,URL,...; ps, trx, holders, min, status, locks, "
     "activity, events and kill then ask all of its servers"},
    {"prefix", 0, "/PREFIX", STORE, TEXT(prefix), 4, "of the cluster's keys (/roster)"},
    {"store-ca", 0, "FILE", STORE, TEXT(store_ca), 4,
     "etcd: trust the authorities in this file (PEM) instead of the system's"},
    {"store-cert", 0, "FILE", STORE, TEXT(store_cert), 4,
     "etcd: the client certificate (PEM); needs its key"},
    {"store-key", 0, "FILE", STORE, TEXT(store_key), 4, "etcd: the certificate's key (PEM)"},
    {"store-user", 0, "NAME", STORE, TEXT(store_user), 4, "etcd: the user; needs a password"},
    {"store-password", STORE_PASSWORD_KEY, "FILE", STORE, OWN, 4,
     "etcd: the first line of the file is the user's password (else $ROSTER_STORE_PASSWORD)"},
    {"ttl-ms", 0, "MS", TTL, TEXT(ttl_ms), 4, "time to live of a barrier (default: no end)"},
    {"listen", 0, "ADDRESS", LISTEN, TEXT(listen), 4,
     "where to serve the page: 127.0.0.1:PORT, [::1]:PORT or unix:PATH (default: a free port of "
     "127.0.0.1)"},
    {"help", '?', NULL, 0, OWN, -1, "show this help, or that of a command, with an example"},
    {"usage", USAGE_KEY, NULL, 0, OWN, -1, "show a short usage message"},
    {"version", 'V', NULL, 0, OWN, -1, "show the version"},
};

#define N_KNOWN COUNT_OF(known)

struct parsed {
    struct options options;
    const struct command *command;
    unsigned used; /* what the options given belong to */
    bool help;
    char token[SECRET_MOST];
    char password[SECRET_MOST];
};

/* NOLINTBEGIN(concurrency-mt-unsafe): there are no other threads. */
static const char *read_secret(const char *what, const char *path, char line[SECRET_MOST],
                               struct argp_state *state)
{
    const char *wrong = secret_read(path, line);

    if (wrong)
        argp_failure(state, CTL_USAGE, 0, "cannot read a %s from %s: %s", what, path, wrong);
    return line;
}

static void parse_seconds(const char *option, const char *text, double otherwise, double *seconds,
                          struct argp_state *state)
{
    char *end;

    *seconds = text ? strtod(text, &end) : otherwise;
    if (text && (*end || end == text || !(*seconds >= 0.1 && *seconds <= 86400)))
        argp_error(state, "%s takes seconds from 0.1 to 86400, not \"%s\"", option, text);
}

/* What a shell takes from CSV has the end of a line, which is CR LF there, left on it. */
static void parse_arg(struct parsed *parsed, char *arg, struct argp_state *state)
{
    size_t length = strlen(arg);

    if (length && arg[length - 1] == '\r')
        arg[length - 1] = '\0';
    if (!parsed->command) {
        parsed->command = ctl_command(arg);
        if (!parsed->command)
            argp_error(state, "unknown command \"%s\"", arg);
    } else if (!(parsed->command->takes & ARGS)) {
        argp_error(state, "unexpected argument \"%s\"", arg);
    } else {
        parsed->options.args[parsed->options.n_args++] = arg;
    }
}

static const struct known *option_of(int key)
{
    size_t n;

    for (n = 0; n < N_KNOWN; n++)
        if (known[n].key == key)
            return &known[n];
    return NULL;
}

static void parse_output(struct parsed *parsed, const char *text, struct argp_state *state)
{
    struct options *options = &parsed->options;

    options->json = !strcmp(text, "json");
    options->csv = !strcmp(text, "csv");
    if (options->csv || options->json)
        parsed->used |= OUTPUT;
    else if (strcmp(text, "table") != 0)
        argp_error(state, "--output takes table, csv or json, not \"%s\"", text);
}

/* Those that a command takes; NULL: all. */
static void list_options(const struct command *command, struct argp_option options[N_KNOWN + 1])
{
    size_t n, count = 0;

    for (n = 0; n < N_KNOWN; n++)
        if (!command || !known[n].takes || known[n].takes & command->takes)
            options[count++] = (struct argp_option){
                known[n].name,  known[n].key,
                known[n].value, known[n].keep == KEEP_OPTIONAL ? OPTION_ARG_OPTIONAL : 0,
                known[n].help,  known[n].group};
    memset(&options[count], 0, sizeof(*options));
}

static void help_on(const struct command *command)
{
    struct argp_option options[N_KNOWN + 1];
    struct argp argp = {.options = options, .args_doc = command->arguments, .doc = command->text};
    char name[] = "rosterctl";

    list_options(command, options);
    argp_help(&argp, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK, name);
}

/* What could not be written is no success. */
static int written(int code)
{
    return (fflush(stdout) || ferror(stdout)) && code == CTL_OK
               ? ctl_error(CTL_FAILED, "cannot write")
               : code;
}

static error_t parse_option(struct parsed *parsed, int key, char *arg, struct argp_state *state)
{
    struct options *options = &parsed->options;

    switch (key) {
    case 's':
        if (!*arg)
            argp_error(state, "--server takes HOST:PORT or unix:PATH");
        options->server = arg;
        return 0;
    case 't':
        options->token = read_secret("token", arg, parsed->token, state);
        return 0;
    case STORE_PASSWORD_KEY:
        options->store_password = read_secret("password", arg, parsed->password, state);
        return 0;
    case 'j':
        parse_output(parsed, "json", state);
        return 0;
    case OUTPUT_KEY:
        parse_output(parsed, arg, state);
        return 0;
    case 'w':
        parse_seconds("--watch", arg, 2, &options->watch_s, state);
        return 0;
    case 'q':
        options->statement = true;
        options->seq = arg;
        return 0;
    case 'T':
        options->transaction = true;
        options->seq = arg;
        return 0;
    case 'W':
        options->wait = true;
        parse_seconds("--wait", arg, 0, &options->wait_s, state);
        return 0;
    case '?':
        parsed->help = true;
        return 0;
    case USAGE_KEY:
        argp_state_help(state, stdout, ARGP_HELP_USAGE);
        exit(written(CTL_OK));
    case 'V':
        printf("%s\n", argp_program_version);
        exit(written(CTL_OK));
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* "-2h" is an age, and no option is a digit: with a blank before it, getopt takes it for an
 * argument. What stands behind "--" is one already. as_given() is without the blank. */
static char with_blank[AGES_MOST][64];

static void keep_ages(int argc, char **argv)
{
    int n, used = 0;

    for (n = 1; n < argc && used < AGES_MOST && strcmp(argv[n], "--") != 0; n++)
        if (argv[n][0] == '-' && argv[n][1] >= '0' && argv[n][1] <= '9' && strlen(argv[n]) < 62) {
            snprintf(with_blank[used], sizeof(with_blank[0]), " %s", argv[n]);
            argv[n] = with_blank[used++];
        }
}

static char *as_given(char *arg)
{
    size_t n;

    for (n = 0; n < AGES_MOST; n++)
        if (arg == with_blank[n])
            return arg + 1;
    return arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct parsed *parsed = state->input;
    const struct known *option = option_of(key);
    void *place = option ? (char *)&parsed->options + option->place : NULL;

    arg = as_given(arg);
    parsed->used |= option && key != OUTPUT_KEY ? option->takes : 0;
    if (option && option->keep == KEEP_FLAG) {
        *(bool *)place = true;
        return 0;
    }
    if (option && option->keep == KEEP_TEXT) {
        *(const char **)place = arg;
        return 0;
    }
    switch (key) {
    case ARGP_KEY_ARG:
        parse_arg(parsed, arg, state);
        return 0;
    case ARGP_KEY_END:
        if (parsed->help && parsed->command)
            help_on(parsed->command);
        if (parsed->help && !parsed->command)
            argp_state_help(state, stdout, ARGP_HELP_STD_HELP & ~(unsigned)ARGP_HELP_EXIT_OK);
        if (parsed->help)
            exit(written(CTL_OK));
        if (!parsed->command)
            argp_error(state, "a command is required");
        else if (parsed->used & ~parsed->command->takes)
            argp_error(state, "%s does not take all of these options", parsed->command->name);
        return 0;
    default:
        return parse_option(parsed, key, arg, state);
    }
}

/* What argp and getopt complain about has arguments in it as they are, and a terminal must not obey
 * them: it is kept, and shown at the end. */
static FILE *terminal; /* standard error; NULL: it is in its place */
static char *complaint;
static size_t complaint_size;

static void show_complaint(void)
{
    char *line, *rest = NULL, shown[4096];

    if (!terminal)
        return;
    fclose(stderr);
    stderr = terminal;
    terminal = NULL;
    for (line = strtok_r(complaint, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        roster_text_show(line, strlen(line), shown, sizeof(shown));
        fprintf(stderr, "%s\n", shown);
    }
    free(complaint);
}

/* The text below all options; NULL: no memory. */
static char *list_commands(void)
{
    const struct command *command;
    size_t size;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fputs("Inspect and control servers that use Roster.\vCommands:\n", out);
    for (command = ctl_commands; command->name; command++)
        fprintf(out, "  %-11s %s\n",
                strchr(command->arguments, '\n') ? command->name : command->arguments,
                command->summary);
    fclose(out);
    return text;
}

static void parse_all(int argc, char **argv, struct parsed *parsed)
{
    static struct argp_option options[N_KNOWN + 1];
    char *commands = list_commands();
    const struct argp argp = {options, parse, "COMMAND [ARGUMENT...]", commands, NULL, NULL, NULL};
    FILE *kept = open_memstream(&complaint, &complaint_size);
    int n;

    for (n = 0; n < (int)N_KNOWN; n++)
        if (!known[n].key)
            known[n].key = FREE_KEY + n;
    list_options(NULL, options);
    if (kept) {
        terminal = stderr;
        stderr = kept;
        if (atexit(show_complaint))
            show_complaint();
    }
    argp_parse(&argp, argc, argv, ARGP_NO_HELP, NULL, parsed);
    show_complaint();
    free(commands);
}

/* A row that lacked a value because memory is out would be taken for whole. */
static void *json_memory(size_t size)
{
    void *memory = malloc(size);

    if (!memory)
        exit(ctl_error(CTL_FAILED, "out of memory")); /* NOLINT(concurrency-mt-unsafe) */
    return memory;
}

int main(int argc, char **argv)
{
    static struct parsed parsed;
    const char *wrong;
    int code;

    rst_descriptors_fill();
    json_set_alloc_funcs(json_memory, free);
    setlocale(LC_CTYPE, ""); /* for ncurses; numbers keep their point */
    argp_err_exit_status = CTL_USAGE;
    argp_program_version = roster_version();
    parsed.options.server = getenv("ROSTER_SERVER");
    parsed.options.token = getenv("ROSTER_TOKEN");
    parsed.options.store_password = getenv("ROSTER_STORE_PASSWORD");
    parsed.options.args = calloc((size_t)argc + 1, sizeof(*parsed.options.args));
    if (!parsed.options.args)
        return ctl_error(CTL_FAILED, "out of memory");
    unsetenv("POSIXLY_CORRECT"); /* options may stand behind the command */
    keep_ages(argc, argv);
    parse_all(argc, argv, &parsed);
    if (!parsed.options.server || !*parsed.options.server)
        parsed.options.server = DEFAULT_SERVER;
    if (parsed.options.store ? !*parsed.options.store : parsed.used & STORE)
        return ctl_error(CTL_USAGE, "--store says in which store: sqlite:PATH or etcd:URL,URL, as "
                                    "the servers were started with; put that into $ROSTER_STORE "
                                    "for the commands that servers propose");
    wrong = parsed.options.token ? secret_check(parsed.options.token) : NULL;
    if (wrong)
        return ctl_error(CTL_USAGE, "$ROSTER_TOKEN %s", wrong);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (parsed.options.all)
        code = ctl_all(&parsed.options, parsed.command->run);
    else if (parsed.options.store && parsed.command->takes & ALL)
        code = ctl_cluster(&parsed.options, parsed.command->run);
    else
        code = parsed.command->run(&parsed.options);
    curl_global_cleanup();
    return written(code);
}
/* NOLINTEND(concurrency-mt-unsafe) */
