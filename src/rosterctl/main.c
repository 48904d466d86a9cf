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

#define MOST_ARGS 64

enum {
    LISTS = 1,
    JSON = 2,
    KILL = 4,
    WAIT = 8,
    FULL = 16,
    WATCH = 32,
    ARGS = 64,
    STORE = 128,
    TTL = 256,
    CSV = 512,
    ALL = 1024,
    SINCE = 2048,
    FOLLOW = 4096,
    BY = 8192,
    WHO = 16384,
    LIMIT = 32768,
    LISTEN = 65536,
    HOLDERS = 131072,
    UNTIL = 262144,
};

static const struct command {
    const char *name;
    command_fn *run;
    unsigned takes;
} commands[] = {
    {"ps", ctl_ps, LISTS | WHO | LIMIT | STORE | JSON | CSV | FULL | WATCH | ALL},
    {"trx", ctl_trx, LISTS | WHO | LIMIT | STORE | JSON | CSV | WATCH | ALL},
    {"holders", ctl_holders,
     LISTS | WHO | LIMIT | STORE | JSON | CSV | FULL | WATCH | ALL | HOLDERS},
    {"min", ctl_min, JSON | CSV | STORE | ALL},
    {"safepoint", ctl_safe_point, JSON | CSV},
    {"status", ctl_status, JSON | CSV | STORE | ALL},
    {"locks", ctl_locks, LIMIT | STORE | JSON | CSV | ALL},
    {"groups", ctl_groups, JSON | CSV | ALL},
    {"history", ctl_history, JSON | CSV | FULL},
    {"activity", ctl_activity, WHO | LIMIT | STORE | JSON | CSV | ALL | SINCE | UNTIL | BY},
    {"events", ctl_events, STORE | JSON | CSV | ALL | SINCE | FOLLOW},
    {"kill", ctl_kill, KILL | STORE | WAIT | JSON | CSV | ARGS | ALL},
    {"drain", ctl_drain, WAIT | JSON | CSV},
    {"top", ctl_top, WATCH},
    {"barrier", ctl_barrier, ARGS | STORE | TTL | JSON | CSV},
    {"gc", ctl_gc, ARGS | STORE | JSON | CSV},
    {"serve", ctl_serve, STORE | LISTEN},
};

enum {
    SEARCH_KEY = 256,
    COLUMNS_KEY,
    OUTPUT_KEY,
    STORE_KEY,
    PREFIX_KEY,
    STORE_CA_KEY,
    STORE_CERT_KEY,
    STORE_KEY_KEY,
    STORE_USER_KEY,
    STORE_PASSWORD_KEY,
    TTL_KEY,
    ALL_KEY,
    SINCE_KEY,
    UNTIL_KEY,
    BY_KEY,
    LISTEN_KEY,
    WAIT_EVENT_KEY,
    DIGEST_KEY,
    APPLICATION_KEY,
    BLOCKER_KEY,
    HOLDER_KEY,
    USAGE_KEY
};

static const struct argp_option known[] = {
    {"server", 's', "ADDRESS", 0,
     "the status endpoint: HOST:PORT or unix:PATH ($ROSTER_SERVER, else " DEFAULT_SERVER ")", 0},
    {"all", ALL_KEY, NULL, 0,
     "all servers that have a socket in $XDG_RUNTIME_DIR/roster or /run/roster", 0},
    {"token-file", 't', "FILE", 0,
     "read the token for kill and drain from FILE (else $ROSTER_TOKEN)", 0},
    {"json", 'j', NULL, 0, "print JSON", 1},
    {"output", OUTPUT_KEY, "FORMAT", 0, "table, csv or json", 1},
    {"user", 'u', "NAME", 0, "only sessions of this user", 2},
    {"db", 'd', "NAME", 0, "only sessions in this database", 2},
    {"kind", 'k', "KIND", 0, "only user, internal or background sessions", 2},
    {"command", 'c', "COMMAND", 0, "only sessions that run this: Sleep, Query, ...", 2},
    {"state", 'S', "STATE", 0, "only Idle, Running, LockWaiting, Committing, RollingBack", 2},
    {"application", APPLICATION_KEY, "NAME", 0, "only sessions of this application", 2},
    {"wait-event", WAIT_EVENT_KEY, "EVENT", 0,
     "only sessions that wait for this: an event, a class, or CLASS:EVENT; empty: not waiting", 2},
    {"digest", DIGEST_KEY, "DIGEST", 0, "only statements with this digest", 2},
    {"blocker", BLOCKER_KEY, "ID", 0, "only sessions that wait for this one", 2},
    {"holder", HOLDER_KEY, "KIND", 0,
     "only holders of this kind: transaction, pin, or a kind of pin: cursor, backup, ...", 2},
    {"min-ms", 'm', "MS", 0, "only rows that have lasted at least this long", 2},
    {"in-txn", 'x', NULL, 0, "only sessions inside a transaction", 2},
    {"limit", 'n', "N", 0, "at most N rows", 2},
    {"sort", 'o', "COLUMN", 0, "sort by a column; -COLUMN: the largest first", 2},
    {"search", SEARCH_KEY, "TEXT", 0, "only rows with this in a name, a state or the statement", 2},
    {"columns", COLUMNS_KEY, "NAME,...", 0, "these columns, in this order", 2},
    {"full", 'F', NULL, 0, "full statements; in a history, the digests", 2},
    {"since", SINCE_KEY, "TIME", 0,
     "only from this time on: -15m, 21:03, 2026-11-29T10:00:00Z, or after an event's id", 2},
    {"until", UNTIL_KEY, "TIME", 0, "only before this time, in the same forms (now)", 2},
    {"by", BY_KEY, "NAME,...", 0,
     "group activity by: time, state, wait, digest, user, db, application, kind, "
     "and server with --store",
     2},
    {"follow", 'f', NULL, 0, "then print new events as they arrive", 2},
    {"watch", 'w', "SECONDS", OPTION_ARG_OPTIONAL, "repeat every SECONDS (2)", 2},
    {"statement", 'q', "N", OPTION_ARG_OPTIONAL,
     "cancel the running statement only (or only statement N)", 3},
    {"transaction", 'T', "START_TS", OPTION_ARG_OPTIONAL,
     "end the open transaction only (or only the one that began at START_TS)", 3},
    {"wait", 'W', "SECONDS", OPTION_ARG_OPTIONAL,
     "wait at most SECONDS until the killed statement, transaction or session has ended, or the "
     "drained server has exited",
     3},
    {"store", STORE_KEY, "STORE", 0,
     "the cluster's store: sqlite:PATH or etcd:URL,URL,...; "
     "ps, trx, holders, min, status, locks, activity, events and kill then ask all of its servers",
     4},
    {"prefix", PREFIX_KEY, "/PREFIX", 0, "of the cluster's keys (/roster)", 4},
    {"store-ca", STORE_CA_KEY, "FILE", 0,
     "etcd: trust the authorities in this file (PEM) instead of the system's", 4},
    {"store-cert", STORE_CERT_KEY, "FILE", 0, "etcd: the client certificate (PEM); needs its key",
     4},
    {"store-key", STORE_KEY_KEY, "FILE", 0, "etcd: the certificate's key (PEM)", 4},
    {"store-user", STORE_USER_KEY, "NAME", 0, "etcd: the user; needs a password", 4},
    {"store-password", STORE_PASSWORD_KEY, "FILE", 0,
     "etcd: the first line of the file is the user's password (else $ROSTER_STORE_PASSWORD)", 4},
    {"ttl-ms", TTL_KEY, "MS", 0, "time to live of a barrier (default: no end)", 4},
    {"listen", LISTEN_KEY, "ADDRESS", 0,
     "where to serve the page: 127.0.0.1:PORT, [::1]:PORT or unix:PATH (default: a free port of "
     "127.0.0.1)",
     4},
    {"help", '?', NULL, 0, "show this help, or that of a command, with an example", -1},
    {"usage", USAGE_KEY, NULL, 0, "show a short usage message", -1},
    {"version", 'V', NULL, 0, "show the version", -1},
    {0},
};

#define N_KNOWN (sizeof(known) / sizeof(known[0]))

struct parsed {
    struct options options;
    const struct command *command;
    unsigned used; /* what the options given belong to */
    bool help;
    char *args[MOST_ARGS];
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

static const struct command *find_command(const char *name)
{
    size_t n;

    for (n = 0; n < sizeof(commands) / sizeof(*commands); n++)
        if (!strcmp(commands[n].name, name))
            return &commands[n];
    return NULL;
}

/* What a shell takes from CSV has the end of a line, which is CR LF there, left on it. */
static void parse_arg(struct parsed *parsed, char *arg, struct argp_state *state)
{
    size_t length = strlen(arg);

    if (length && arg[length - 1] == '\r')
        arg[length - 1] = '\0';
    if (!parsed->command) {
        parsed->command = find_command(arg);
        if (!parsed->command)
            argp_error(state, "unknown command \"%s\"", arg);
    } else if (!(parsed->command->takes & ARGS) || parsed->options.n_args == MOST_ARGS) {
        argp_error(state, "unexpected argument \"%s\"", arg);
    } else {
        parsed->args[parsed->options.n_args++] = arg;
    }
}

#define TEXT(member) offsetof(struct options, member), false
#define FLAG(member) offsetof(struct options, member), true

/* The options of which the text is kept as it is, or that they were given: where, and which
 * commands take them. */
static const struct plain {
    int key;
    unsigned belongs;
    size_t place;
    bool flag;
} plain[] = {
    {ALL_KEY, ALL, FLAG(all)},
    {'x', LISTS, FLAG(in_txn)},
    {'F', FULL, FLAG(full)},
    {'f', FOLLOW, FLAG(follow)},
    {'u', WHO, TEXT(user)},
    {'d', WHO, TEXT(db)},
    {'k', WHO, TEXT(kind)},
    {'S', WHO, TEXT(state)},
    {WAIT_EVENT_KEY, WHO, TEXT(wait_event)},
    {DIGEST_KEY, WHO, TEXT(digest)},
    {APPLICATION_KEY, WHO, TEXT(application)},
    {'n', LIMIT, TEXT(limit)},
    {HOLDER_KEY, HOLDERS, TEXT(holder)},
    {'c', LISTS, TEXT(command)},
    {'m', LISTS, TEXT(min_ms)},
    {'o', LISTS, TEXT(sort)},
    {SEARCH_KEY, LISTS, TEXT(search)},
    {COLUMNS_KEY, LISTS, TEXT(columns)},
    {BLOCKER_KEY, LISTS, TEXT(blocker)},
    {STORE_KEY, STORE, TEXT(store)},
    {PREFIX_KEY, STORE, TEXT(prefix)},
    {STORE_CA_KEY, STORE, TEXT(store_ca)},
    {STORE_CERT_KEY, STORE, TEXT(store_cert)},
    {STORE_KEY_KEY, STORE, TEXT(store_key)},
    {STORE_USER_KEY, STORE, TEXT(store_user)},
    {SINCE_KEY, SINCE, TEXT(since)},
    {UNTIL_KEY, UNTIL, TEXT(until)},
    {BY_KEY, BY, TEXT(by)},
    {TTL_KEY, TTL, TEXT(ttl_ms)},
    {LISTEN_KEY, LISTEN, TEXT(listen)},
};

static const struct plain *plain_option(int key)
{
    size_t n;

    for (n = 0; n < sizeof(plain) / sizeof(plain[0]); n++)
        if (plain[n].key == key)
            return &plain[n];
    return NULL;
}

static void keep_plain(struct options *options, const struct plain *option, const char *text)
{
    void *place = (char *)options + option->place;

    if (option->flag)
        *(bool *)place = true;
    else
        *(const char **)place = text;
}

static void parse_output(struct parsed *parsed, const char *text, struct argp_state *state)
{
    struct options *options = &parsed->options;

    options->json = !strcmp(text, "json");
    options->csv = !strcmp(text, "csv");
    if (options->csv)
        parsed->used |= CSV;
    else if (options->json)
        parsed->used |= JSON;
    else if (strcmp(text, "table") != 0)
        argp_error(state, "--output takes table, csv or json, not \"%s\"", text);
}

/* Which commands take an option: those with one of these bits; 0: all. */
static unsigned belongs(int key)
{
    const struct plain *option = plain_option(key);

    if (option)
        return option->belongs;
    switch (key) {
    case 'j':
        return JSON;
    case 'w':
        return WATCH;
    case 'q':
    case 'T':
        return KILL;
    case STORE_PASSWORD_KEY:
        return STORE;
    case 'W':
        return WAIT;
    default:
        return 0;
    }
}

/* The help of a command has the options that it takes alone. */
static void help_on(const struct command *command)
{
    struct argp_option options[N_KNOWN] = {{0}};
    struct argp argp = {.options = options};
    size_t n, count = 0;
    unsigned bits;
    char name[] = "rosterctl";

    for (n = 0; known[n].name; n++) {
        bits = known[n].key == OUTPUT_KEY ? CSV : belongs(known[n].key);
        if (!bits || bits & command->takes)
            options[count++] = known[n];
    }
    (void)ctl_help(command->name, &argp.args_doc, &argp.doc);
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
static char with_blank[MOST_ARGS][64];

static void keep_ages(int argc, char **argv)
{
    int n, used = 0;

    for (n = 1; n < argc && used < MOST_ARGS && strcmp(argv[n], "--") != 0; n++)
        if (argv[n][0] == '-' && argv[n][1] >= '0' && argv[n][1] <= '9' && strlen(argv[n]) < 62) {
            snprintf(with_blank[used], sizeof(with_blank[0]), " %s", argv[n]);
            argv[n] = with_blank[used++];
        }
}

static char *as_given(char *arg)
{
    size_t n;

    for (n = 0; n < MOST_ARGS; n++)
        if (arg == with_blank[n])
            return arg + 1;
    return arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct parsed *parsed = state->input;
    const struct plain *option = plain_option(key);

    arg = as_given(arg);
    parsed->used |= belongs(key);
    if (option) {
        keep_plain(&parsed->options, option, arg);
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

static void parse_all(const struct argp *argp, int argc, char **argv, struct parsed *parsed)
{
    FILE *kept = open_memstream(&complaint, &complaint_size);

    if (kept) {
        terminal = stderr;
        stderr = kept;
        if (atexit(show_complaint))
            show_complaint();
    }
    argp_parse(argp, argc, argv, ARGP_NO_HELP, NULL, parsed);
    show_complaint();
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
    static const struct argp argp = {
        .options = known,
        .parser = parse,
        .args_doc = "COMMAND [ARGUMENT...]",
        .doc = "Inspect and control servers that use Roster.\v"
               "Commands:\n"
               "  ps          sessions\n"
               "  trx         transactions\n"
               "  holders     what holds the minimum back, the oldest first\n"
               "  min         the oldest timestamp still needed, its holder, and how to end it\n"
               "  safepoint   safe points and the lease\n"
               "  status      the server and its counts\n"
               "  locks       which session waits for which, and deadlocks\n"
               "  groups      users, databases and applications with the most sessions\n"
               "  history     statements of long transactions\n"
               "  activity    activity of sessions: states, waits, statements, users\n"
               "  events      the event log: kills, fences, drains, rejected opens\n"
               "  kill ID...  end sessions, or their transactions or statements\n"
               "  drain       let the server finish its work and exit\n"
               "  top         all of it, live\n"
               "  barrier     set NAME TIMESTAMP|now, list, delete NAME: in a cluster's store\n"
               "  gc status   the safe points in a cluster's store\n"
               "  serve       one page for all servers of a cluster, for a browser\n",
    };
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
    parsed.options.args = parsed.args;
    unsetenv("POSIXLY_CORRECT"); /* options may stand behind the command */
    keep_ages(argc, argv);
    parse_all(&argp, argc, argv, &parsed);
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
