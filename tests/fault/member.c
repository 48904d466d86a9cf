/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A server: a real process with sessions, transactions and shared versioned data, reporting to a
 * store. It notes what it does in a log that check reads, and tells on standard output what an
 * operator would see. Ends in order on SIGTERM.
 */

#include "member.h"

#include "log.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void say(const char *format, ...)
{
    char text[700];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printf("%.3f %s\n", (double)boottime_ns() / 1e9, text);
}

/* Without what has just been told. */
static void take_log(enum roster_store_log_level level, const char *text, void *arg)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char last[300];
    bool again;

    (void)arg;
    (void)level;
    pthread_mutex_lock(&lock);
    again = strncmp(last, text, sizeof(last) - 1) == 0;
    snprintf(last, sizeof(last), "%s", text);
    pthread_mutex_unlock(&lock);
    if (!again)
        say("%s", text);
}

static void take_change(const struct roster_syncer_change *change, void *arg)
{
    (void)arg;
    log_event(EVENT_STATE, boottime_ns(),
              (struct event){.ts = (uint64_t)change->before,
                             .value = (uint64_t)change->after,
                             .error = change->reason});
}

static void must(int result, const char *what)
{
    if (result != 0)
        errx(3, "%s: %s", what, roster_store_strerror(result));
}

void member_thread(struct member *member, void *(*run)(void *))
{
    if (pthread_create(&member->threads[member->n_threads++], NULL, run, member) != 0)
        errx(99, "no thread");
}

static void open_store(struct member *member)
{
    struct roster_store_options options = {.size = sizeof(options),
                                           .call_timeout_ms = (int)member->options.timeout_ms,
                                           .attempt_timeout_ms = 1000,
                                           .backoff_max_ms = 500,
                                           .poll_interval_ms = 10,
                                           .watch_check_ms = 2000,
                                           .log = take_log};
    char error[ROSTER_STORE_ERROR_SIZE];
    int result =
        roster_store_open(member->options.url, &options, &member->store, error, sizeof(error));

    if (result != 0)
        errx(3, "%s: %s", roster_store_strerror(result), error);
}

/* The oracle asks the store, so a server waits here until that answers. */
static void create_roster(struct member *member)
{
    struct roster_oracle_store_options oracle = {.size = sizeof(oracle),
                                                 .timeout_ms = (int)member->options.timeout_ms};
    struct roster_options options = ROSTER_OPTIONS_INIT;
    char key[160];
    int result;

    snprintf(key, sizeof(key), "%s/oracle", member->options.prefix);
    oracle.key = key;
    must(roster_oracle_store_create(member->store, &oracle, &member->oracle), "oracle");
    options.oracle = member_oracle;
    options.oracle_arg = member;
    options.life_time_ms = UINT64_C(3600000);
    while ((result = roster_create(&options, &member->roster)) != 0) {
        say("no timestamp: %s", roster_store_strerror(result));
        sleep_us(100000);
    }
}

static void create_cluster(struct member *member)
{
    struct roster_syncer_options syncer = {.size = sizeof(syncer),
                                           .prefix = member->options.prefix,
                                           .server_id = member->options.id,
                                           .interval_ms = member->options.interval_ms,
                                           .ttl_ms = member->options.ttl_ms,
                                           .timeout_ms = member->options.ttl_ms / 3,
                                           .backoff_min_ms = 20,
                                           .backoff_max_ms = 200,
                                           .change = take_change,
                                           .log = take_log};
    struct roster_safe_point_options safe_point = {.size = sizeof(safe_point),
                                                   .prefix = member->options.prefix,
                                                   .oracle = member_oracle,
                                                   .oracle_arg = member,
                                                   .life_time_ms = member->options.life_ms,
                                                   .any_life_time = true,
                                                   .interval_ms = member->options.interval_ms,
                                                   .timeout_ms = member->options.timeout_ms,
                                                   .log = take_log,
                                                   .abandoned_ms = member->options.pass_ms};

    if (member->options.pass_ms)
        safe_point.abandoned = ROSTER_ABANDONED_PASS;

    must(roster_syncer_create(member->roster, member->store, &syncer, &member->syncer), "syncer");
    must(roster_syncer_start(member->syncer), "syncer");
    safe_point.syncer = member->syncer;
    must(roster_safe_point_create(member->store, &safe_point, &member->safe_point), "safe points");
    must(roster_safe_point_start(member->safe_point), "safe points");
}

static void end(struct member *member)
{
    int result;

    atomic_store(&member->stop, true);
    for (unsigned i = 0; i < member->n_threads; i++)
        pthread_join(member->threads[i], NULL);
    roster_safe_point_destroy(member->safe_point);
    result = roster_syncer_stop(member->syncer, 5000);
    say("stopped: %s", roster_store_strerror(result));
    roster_syncer_destroy(member->syncer);
    must(roster_destroy(member->roster), "roster");
    roster_oracle_store_destroy(member->oracle);
    roster_store_close(member->store);
}

static void usage(void)
{
    errx(2, "usage: member --url URL --id ID --dir DIR [--slot N] [--prefix PREFIX] [--ttl MS]"
            " [--interval MS] [--timeout MS] [--life MS] [--hold MS] [--stuck] [--clock FILE]"
            " [--pass MS]");
}

static uint32_t number(const char *text)
{
    return (uint32_t)strtoul(text, NULL, 10);
}

static void parse(struct member_options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"url", 1, NULL, 'u'},      {"id", 1, NULL, 'i'},    {"dir", 1, NULL, 'd'},
        {"prefix", 1, NULL, 'p'},   {"slot", 1, NULL, 's'},  {"ttl", 1, NULL, 't'},
        {"interval", 1, NULL, 'n'}, {"life", 1, NULL, 'l'},  {"hold", 1, NULL, 'h'},
        {"timeout", 1, NULL, 'o'},  {"stuck", 0, NULL, 'k'}, {"clock", 1, NULL, 'c'},
        {"pass", 1, NULL, 'a'},     {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'u':
            options->url = optarg;
            break;
        case 'i':
            options->id = optarg;
            break;
        case 'd':
            options->dir = optarg;
            break;
        case 'p':
            options->prefix = optarg;
            break;
        case 's':
            options->slot = number(optarg) % DATA_SERVERS;
            break;
        case 't':
            options->ttl_ms = number(optarg);
            break;
        case 'n':
            options->interval_ms = number(optarg);
            break;
        case 'l':
            options->life_ms = number(optarg);
            break;
        case 'h':
            options->hold_ms = number(optarg);
            break;
        case 'o':
            options->timeout_ms = number(optarg);
            break;
        case 'a':
            options->pass_ms = number(optarg);
            break;
        case 'k':
            options->stuck = true;
            break;
        case 'c':
            wall_clock_file(optarg);
            break;
        default:
            usage();
        }
    }
    if (optind != argc || options->url == NULL || options->id == NULL || options->dir == NULL)
        usage();
}

int main(int argc, char **argv)
{
    static struct member member = {.options = {.prefix = "/roster",
                                               .ttl_ms = 900,
                                               .interval_ms = 40,
                                               .timeout_ms = 2000,
                                               .life_ms = 150,
                                               .hold_ms = 250}};
    sigset_t signals;
    int got;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond the limit shall fail, not kill */
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse(&member.options, argc, argv);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    log_open(member.options.dir, member.options.id);
    member.data = data_open(member.options.dir);
    open_store(&member);
    create_roster(&member);
    create_cluster(&member);
    member_work(&member);
    member_observe(&member);
    sigwait(&signals, &got);
    end(&member);
    return 0;
}
