/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * reopen: opens the shared library, uses it from two threads and closes it, again and again, as a
 * server does whose plugin comes and goes. One of the threads lives on all the time. Nothing may
 * crash, and neither memory nor threads may grow.
 */

#include <roster/roster.h>

#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS 100
#define WARM_UP 20

/* Slack for what the C library keeps for itself. */
#define GROWTH_ALLOWED ((size_t)64 * 1024)

struct functions {
    int (*create)(const struct roster_options *options, struct roster **roster);
    int (*destroy)(struct roster *roster);
    int (*open)(struct roster *roster, const struct roster_session_attr *attr,
                struct roster_session **session);
    int (*begin)(struct roster_session *session, uint64_t *start_ts);
    int (*stmt_begin)(struct roster_session *session, enum roster_command command, const char *text,
                      size_t text_length, const char *digest, size_t digest_length);
    int (*close)(struct roster_session *session);
};

static struct functions f;
static struct roster *roster;
static pthread_barrier_t opened, used;

static void need(int yes, const char *what)
{
    if (!yes) {
        fprintf(stderr, "reopen: %s\n", what);
        exit(1);
    }
}

/* ISO C has no conversion between pointers to objects and to functions; POSIX does. */
static void find(void *library, const char *name, void *function)
{
    *(void **)function = dlsym(library, name);
    need(*(void **)function != NULL, name);
}

static void find_all(void *library)
{
    find(library, "roster_create", &f.create);
    find(library, "roster_destroy", &f.destroy);
    find(library, "roster_session_open", &f.open);
    find(library, "roster_txn_begin", &f.begin);
    find(library, "roster_stmt_begin", &f.stmt_begin);
    find(library, "roster_session_close", &f.close);
}

static void use(void)
{
    struct roster_session *session = NULL;
    int i;

    for (i = 0; i < 100; i++) {
        need(f.open(roster, NULL, &session) == 0, "open");
        need(f.begin(session, NULL) == 0, "begin");
        need(f.stmt_begin(session, ROSTER_COMMAND_QUERY, "x", 1, "d", 1) == 0, "stmt_begin");
        need(f.close(session) == 0, "close");
    }
}

static void *live_on(void *arg)
{
    int round;

    (void)arg;
    for (round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(&opened);
        use();
        pthread_barrier_wait(&used);
    }
    return NULL;
}

static void *use_once(void *arg)
{
    (void)arg;
    use();
    return NULL;
}

static unsigned count_threads(void)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *entry;
    unsigned n = 0;

    need(tasks != NULL, "/proc/self/task");
    while ((entry = readdir(tasks)))
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

static void one_round(const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    pthread_t thread;

    if (!library)
        need(0, dlerror());
    find_all(library);
    need(f.create(NULL, &roster) == 0, "create");
    need(pthread_create(&thread, NULL, use_once, NULL) == 0, "thread");
    pthread_barrier_wait(&opened);
    use();
    pthread_barrier_wait(&used);
    need(pthread_join(thread, NULL) == 0, "join");
    need(f.destroy(roster) == 0, "destroy");
    need(dlclose(library) == 0, "dlclose");
}

int main(int argc, char **argv)
{
    size_t bytes = 0;
    unsigned threads = 0;
    pthread_t thread;
    int round;

    need(argc == 2, "usage: reopen LIBRARY");
    pthread_barrier_init(&opened, NULL, 2);
    pthread_barrier_init(&used, NULL, 2);
    need(pthread_create(&thread, NULL, live_on, NULL) == 0, "thread");
    for (round = 0; round < ROUNDS; round++) {
        one_round(argv[1]);
        if (round == WARM_UP) {
            bytes = mallinfo2().uordblks;
            threads = count_threads();
        }
    }
    printf("%zu bytes then, %zu now\n", bytes, mallinfo2().uordblks);
    need(mallinfo2().uordblks <= bytes + GROWTH_ALLOWED, "memory grew");
    need(count_threads() <= threads, "threads were left");
    need(pthread_join(thread, NULL) == 0, "join");
    pthread_barrier_destroy(&opened);
    pthread_barrier_destroy(&used);
    return 0;
}
