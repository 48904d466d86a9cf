/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * bank PORT [OPTION...]: many clients move money between accounts while others read all accounts in
 * one snapshot, in several requests with pauses. The sum is the same in every snapshot, or the
 * server is wrong.
 *
 *   -c N  clients that transfer (48)
 *   -r N  clients that read (16)
 *   -a N  accounts (64)
 *   -s N  seconds (5)
 *
 * Ends with 0 when all sums were right and there were enough of them to tell, with 2 when a sum was
 * wrong or an account missing, with 1 when something else failed.
 */
#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define OPENING 1000
#define PARTS 4 /* requests in which a reader reads all accounts */
#define PAUSE_US 3000

static struct {
    int port;
    int writers, readers, accounts, seconds;
    long transfers, conflicts, sums, wrong; /* atomic */
} bank = {.writers = 48, .readers = 16, .accounts = 64, .seconds = 5};

static bool stopped;

static void count(long *counter)
{
    __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bank: %s: %s\n", what, why);
    exit(1);
}

static redisContext *dial(void)
{
    struct timeval limit = {.tv_sec = 60};
    redisContext *context = redisConnect("127.0.0.1", bank.port);

    if (!context || context->err)
        die("connect", context ? context->errstr : "out of memory");
    redisSetTimeout(context, limit);
    return context;
}

static redisReply *take(redisContext *context)
{
    void *reply;

    if (redisGetReply(context, &reply) != REDIS_OK)
        die("reply", context->errstr);
    return reply;
}

static void take_ok(redisContext *context, const char *what)
{
    redisReply *reply = take(context);

    if (reply->type == REDIS_REPLY_ERROR)
        die(what, reply->str);
    freeReplyObject(reply);
}

/* What an MGET has read. One that was refused, as by a fenced server, has read nothing wrong. */
static redisReply *take_values(redisContext *context)
{
    redisReply *values = take(context);

    if (values->type != REDIS_REPLY_ARRAY)
        die("MGET", values->str);
    return values;
}

/* One transfer of each of the thread's clients, all open at the same time. */
struct transfer {
    redisContext *context;
    int from, to;
    bool given_up; /* an account was missing */
};

static void ask(struct transfer *transfer, unsigned *seed)
{
    transfer->from = (int)(rand_r(seed) % (unsigned)bank.accounts);
    transfer->to = (int)(rand_r(seed) % (unsigned)bank.accounts);
    redisAppendCommand(transfer->context, "BEGIN");
    redisAppendCommand(transfer->context, "MGET account:%d account:%d", transfer->from,
                       transfer->to);
}

static void move(struct transfer *transfer, unsigned *seed)
{
    int amount = (int)(rand_r(seed) % 10);
    redisReply *values;

    take_ok(transfer->context, "BEGIN");
    values = take_values(transfer->context);
    transfer->given_up = !values->element[0]->str || !values->element[1]->str;
    if (transfer->given_up)
        redisAppendCommand(transfer->context, "ROLLBACK");
    else if (transfer->from == transfer->to)
        redisAppendCommand(transfer->context, "MSET account:%d %s", transfer->from,
                           values->element[0]->str);
    else
        redisAppendCommand(transfer->context, "MSET account:%d %d account:%d %d", transfer->from,
                           atoi(values->element[0]->str) - amount, transfer->to,
                           atoi(values->element[1]->str) + amount);
    if (!transfer->given_up)
        redisAppendCommand(transfer->context, "COMMIT");
    freeReplyObject(values);
}

static void settle(struct transfer *transfer)
{
    redisReply *reply;

    if (transfer->given_up) {
        count(&bank.wrong);
        take_ok(transfer->context, "ROLLBACK");
        return;
    }
    take_ok(transfer->context, "MSET");
    reply = take(transfer->context);
    if (reply->type == REDIS_REPLY_STATUS)
        count(&bank.transfers);
    else if (!strncmp(reply->str, "CONFLICT", 8))
        count(&bank.conflicts);
    else
        die("COMMIT", reply->str);
    freeReplyObject(reply);
}

static void *run_writers(void *arg)
{
    unsigned seed = (unsigned)(uintptr_t)arg;
    int mine = bank.writers / THREADS, n;
    struct transfer *transfers = calloc((size_t)mine, sizeof(*transfers));

    for (n = 0; n < mine; n++)
        transfers[n].context = dial();
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
        for (n = 0; n < mine; n++)
            ask(&transfers[n], &seed);
        for (n = 0; n < mine; n++)
            move(&transfers[n], &seed);
        for (n = 0; n < mine; n++)
            settle(&transfers[n]);
    }
    for (n = 0; n < mine; n++)
        redisFree(transfers[n].context);
    free(transfers);
    return NULL;
}

static void ask_part(redisContext *context, int part)
{
    char line[64 * 1024];
    int first = part * bank.accounts / PARTS, end = (part + 1) * bank.accounts / PARTS;
    int len = snprintf(line, sizeof(line), "MGET");

    for (; first < end; first++)
        len += snprintf(line + len, sizeof(line) - (size_t)len, " account:%d", first);
    redisAppendCommand(context, line);
}

/* Adds up what one request has read; false when an account is missing. */
static bool add_part(redisContext *context, long *sum)
{
    redisReply *values = take_values(context);
    bool complete = true;
    size_t n;

    for (n = 0; n < values->elements; n++) {
        complete = complete && values->element[n]->str;
        *sum += values->element[n]->str ? atol(values->element[n]->str) : 0;
    }
    freeReplyObject(values);
    return complete;
}

/* Each client's snapshot is open for the whole round, pauses included. */
static void read_round(redisContext **contexts, long *sums, bool *complete, int clients)
{
    int n, part;

    for (n = 0; n < clients; n++) {
        redisAppendCommand(contexts[n], "BEGIN");
        sums[n] = 0;
        complete[n] = true;
        take_ok(contexts[n], "BEGIN");
    }
    for (part = 0; part < PARTS; part++) {
        for (n = 0; n < clients; n++) {
            ask_part(contexts[n], part);
            complete[n] &= add_part(contexts[n], &sums[n]);
        }
        usleep(PAUSE_US);
    }
    for (n = 0; n < clients; n++) {
        redisAppendCommand(contexts[n], "COMMIT");
        take_ok(contexts[n], "COMMIT");
        count(complete[n] && sums[n] == (long)bank.accounts * OPENING ? &bank.sums : &bank.wrong);
    }
}

static void *run_readers(void *arg)
{
    int mine = bank.readers / THREADS, n;
    redisContext **contexts = calloc((size_t)mine, sizeof(*contexts));
    long *sums = calloc((size_t)mine, sizeof(*sums));
    bool *complete = calloc((size_t)mine, sizeof(*complete));

    (void)arg;
    for (n = 0; n < mine; n++)
        contexts[n] = dial();
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED))
        read_round(contexts, sums, complete, mine);
    for (n = 0; n < mine; n++)
        redisFree(contexts[n]);
    free(contexts);
    free(sums);
    free(complete);
    return NULL;
}

/*
 * In one transaction, which begins before anything is written: a server that stood still may get to
 * the requests of a bank that gave up when the next one has opened, and those must not count then.
 */
static void open_accounts(void)
{
    redisContext *context = dial();
    char line[64 * 1024];
    redisReply *reply;
    bool opened;
    int n, len;

    do {
        redisAppendCommand(context, "BEGIN");
        take_ok(context, "BEGIN");
        len = snprintf(line, sizeof(line), "MSET");
        for (n = 0; n < bank.accounts; n++)
            len += snprintf(line + len, sizeof(line) - (size_t)len, " account:%d %d", n, OPENING);
        redisAppendCommand(context, line);
        take_ok(context, "MSET");
        redisAppendCommand(context, "COMMIT");
        reply = take(context);
        opened = reply->type == REDIS_REPLY_STATUS;
        if (!opened && strncmp(reply->str, "CONFLICT", 8) != 0)
            die("COMMIT", reply->str);
        freeReplyObject(reply);
    } while (!opened);
    redisFree(context);
}

static void run(void)
{
    pthread_t writers[THREADS], readers[THREADS];
    uintptr_t n;

    for (n = 0; n < THREADS; n++) {
        pthread_create(&writers[n], NULL, run_writers, (void *)(n + 1));
        pthread_create(&readers[n], NULL, run_readers, NULL);
    }
    sleep((unsigned)bank.seconds);
    __atomic_store_n(&stopped, true, __ATOMIC_RELAXED);
    for (n = 0; n < THREADS; n++) {
        pthread_join(writers[n], NULL);
        pthread_join(readers[n], NULL);
    }
}

int main(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "c:r:a:s:")) != -1) {
        if (option == 'c')
            bank.writers = atoi(optarg);
        else if (option == 'r')
            bank.readers = atoi(optarg);
        else if (option == 'a')
            bank.accounts = atoi(optarg);
        else if (option == 's')
            bank.seconds = atoi(optarg);
        else
            return 99;
    }
    if (optind + 1 != argc)
        return 99;
    bank.port = atoi(argv[optind]);
    open_accounts();
    run();
    printf("transfers %ld, conflicts %ld, right sums %ld, wrong sums %ld\n", bank.transfers,
           bank.conflicts, bank.sums, bank.wrong);
    if (bank.wrong)
        return 2;
    return bank.transfers && bank.conflicts && bank.sums ? 0 : 1;
}
