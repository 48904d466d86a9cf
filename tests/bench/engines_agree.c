/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * engines_agree ENGINE: drives an engine of roster-bench through a random history, and after each
 * step compares what it tells (oldest, list, lookup) with a plain array. A comparison of engines
 * of which one does less than the others would be worth nothing.
 * engines_agree without arguments names the engines of this build.
 */
#include "bench/engines/engine.h"
#include "bench/measure/order.h"

#include <roster/error.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS 40
#define STEPS 4000
#define STATEMENT "select 1 from t where id = "

struct model {
    void *session; /* NULL: closed */
    uint64_t id;
    uint64_t start_ts;
    size_t text_length;
    bool seen;
    char user[WHO_USER];
    char host[WHO_HOST];
    char database[WHO_DATABASE];
};

struct run {
    const struct engine *engine;
    void *world;
    struct oracle oracle;
    struct model models[SESSIONS];
    uint64_t random;
    uint64_t next_id;
};

static void fail(const struct run *run, const char *what)
{
    printf("%s: %s\n", run->engine->name, what);
    exit(1);
}

static void ok(const struct run *run, int err, const char *what)
{
    if (!err)
        return;
    printf("%s: %s: %s\n", run->engine->name, what, roster_strerror(err));
    exit(1);
}

static void open_one(struct run *run, struct model *model)
{
    struct who who = {model->user, model->host, model->database};

    model->id = ++run->next_id;
    snprintf(model->user, sizeof(model->user), "user%u", (unsigned)model->id);
    snprintf(model->host, sizeof(model->host), "10.0.0.%u:4000", (unsigned)model->id % 250);
    snprintf(model->database, sizeof(model->database), "db%u", (unsigned)model->id);
    model->start_ts = model->text_length = 0;
    ok(run, run->engine->open(run->world, model->id, &who, &model->session), "open");
}

static void close_one(struct run *run, struct model *model)
{
    if (model->text_length)
        ok(run, run->engine->stmt_end(run->world, model->session), "stmt_end");
    if (model->start_ts)
        ok(run, run->engine->end(run->world, model->session), "end");
    ok(run, run->engine->close(run->world, model->session), "close");
    model->session = NULL;
}

static void change_txn(struct run *run, struct model *model)
{
    if (!(run->engine->can & CAN_TXN))
        return;
    if (model->start_ts) {
        ok(run, run->engine->end(run->world, model->session), "end");
        model->start_ts = 0;
        return;
    }
    if (run->engine->advance)
        ok(run, run->engine->advance(run->world), "advance");
    oracle_role_owner();
    ok(run, run->engine->begin(run->world, model->session, &model->start_ts), "begin");
    oracle_role_scanner();
    if (!model->start_ts)
        fail(run, "a transaction without timestamp");
}

static void change_text(struct run *run, struct model *model)
{
    if (!(run->engine->can & CAN_TEXT))
        return;
    if (model->text_length) {
        ok(run, run->engine->stmt_end(run->world, model->session), "stmt_end");
        model->text_length = 0;
        return;
    }
    model->text_length = 1 + random_below(&run->random, sizeof(STATEMENT) - 1);
    ok(run, run->engine->stmt_begin(run->world, model->session, STATEMENT, model->text_length),
       "stmt_begin");
}

static void check_oldest(struct run *run)
{
    uint64_t min = UINT64_MAX, told;
    size_t i;

    if (!(run->engine->can & CAN_OLDEST))
        return;
    for (i = 0; i < SESSIONS; i++)
        if (run->models[i].session && run->models[i].start_ts && run->models[i].start_ts < min)
            min = run->models[i].start_ts;
    ok(run, run->engine->oldest(run->world, &told), "oldest");
    if (!(run->engine->can & CAN_VALUE))
        return;
    if (min == UINT64_MAX)
        min = run->oracle.epoch << ORACLE_EPOCH_BITS;
    if (told != min)
        fail(run, "the oldest is wrong");
}

static void compare(void *arg, const struct facts *facts)
{
    struct run *run = arg;
    size_t i;

    for (i = 0; i < SESSIONS; i++)
        if (run->models[i].session && run->models[i].id == facts->id)
            break;
    if (i == SESSIONS)
        fail(run, "a session that is not open");
    if (run->models[i].seen)
        fail(run, "a session twice");
    run->models[i].seen = true;
    if (facts->start_ts != run->models[i].start_ts ||
        facts->state != (run->models[i].start_ts != 0))
        fail(run, "a wrong transaction");
    if (facts->text_length != run->models[i].text_length ||
        (facts->text_length && memcmp(facts->text, STATEMENT, facts->text_length) != 0))
        fail(run, "a wrong statement");
    if (strcmp(facts->who.user, run->models[i].user) != 0 ||
        strcmp(facts->who.host, run->models[i].host) != 0 ||
        strcmp(facts->who.database, run->models[i].database) != 0)
        fail(run, "a wrong identity");
}

static void check_list(struct run *run)
{
    struct reading reading = {.collect = compare, .arg = run};
    size_t i, open = 0;

    if (!(run->engine->can & CAN_LIST))
        return;
    for (i = 0; i < SESSIONS; i++) {
        run->models[i].seen = false;
        open += run->models[i].session != NULL;
    }
    ok(run, run->engine->list(run->world, &reading), "list");
    if (reading.count != open)
        fail(run, "a list that lacks sessions");
}

static void check_lookup(struct run *run, struct model *model)
{
    struct reading reading = {.collect = compare, .arg = run};
    int err;

    if (!(run->engine->can & CAN_LOOKUP) || !model->id)
        return;
    model->seen = false;
    err = run->engine->lookup(run->world, model->id, &reading);
    if (model->session)
        ok(run, err, "lookup");
    if (err != (model->session ? 0 : -ENOENT) || model->seen != (model->session != NULL))
        fail(run, "lookup finds what it should not, or not what it should");
}

static void step(struct run *run)
{
    struct model *model = &run->models[random_below(&run->random, SESSIONS)];
    size_t what = random_below(&run->random, 8);

    if (!model->session)
        open_one(run, model);
    else if (what == 0)
        close_one(run, model);
    else if (what < 6)
        change_txn(run, model);
    else
        change_text(run, model);
    check_oldest(run);
    check_list(run);
    check_lookup(run, model);
}

static void holding(void *arg)
{
    *(bool *)arg = true;
}

static void drive(const struct engine *engine)
{
    struct run run = {.engine = engine, .random = UINT64_C(88172645463325252)};
    struct engine_setup setup = {&run.oracle, SESSIONS};
    bool held = false;
    size_t i;

    ok(&run, engine->create(&setup, &run.world), "create");
    if (engine->thread_enter)
        ok(&run, engine->thread_enter(run.world), "thread_enter");
    oracle_role_scanner();
    for (i = 0; i < STEPS; i++)
        step(&run);
    if (engine->can & CAN_HOLD) {
        ok(&run, engine->hold(run.world, holding, &held), "hold");
        if (!held)
            fail(&run, "hold does not wait");
    }
    for (i = 0; i < SESSIONS; i++)
        if (run.models[i].session)
            close_one(&run, &run.models[i]);
    if (engine->thread_leave)
        engine->thread_leave(run.world);
    engine->destroy(run.world);
}

int main(int argc, char **argv)
{
    size_t i;

    if (argc == 1) {
        for (i = 0; i < n_engines; i++)
            printf("%s\n", engines[i]->name);
        return 0;
    }
    if (argc != 2 || !engine_find(argv[1], strlen(argv[1]))) {
        fprintf(stderr, "usage: engines_agree [ENGINE]\n");
        return 2;
    }
    drive(engine_find(argv[1], strlen(argv[1])));
    return 0;
}
