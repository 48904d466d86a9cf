/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A program that the host executes inherits no descriptor of a store. */

#include "store_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MOST_FDS 1024

/* Those that were there before: the test runner's. */
static bool known[MOST_FDS];

/* Calls fn for each descriptor but the directory's own. */
static void for_each_fd(void (*fn)(int fd))
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;

    cr_assert_not_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd != dirfd(dir) && fd < MOST_FDS)
            fn(fd);
    }
    closedir(dir);
}

static void note(int fd)
{
    known[fd] = true;
}

/* libcurl wakes itself by such a pair, and gives no program a say in it. */
static bool is_nameless_pair(int fd)
{
    struct sockaddr_un name;
    socklen_t length = sizeof(name);

    return getpeername(fd, (struct sockaddr *)&name, &length) == 0 && name.sun_family == AF_UNIX &&
           length == sizeof(name.sun_family);
}

static void expect_closed(int fd)
{
    char path[64], name[256] = "";

    if (known[fd] || is_nameless_pair(fd))
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    cr_assert_neq(readlink(path, name, sizeof(name) - 1), -1);
    cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC, "%s is inherited", name);
}

STORE_TEST(no_descriptor_is_inherited)
{
    struct roster_store_keys keys = roster_store_prefix(text(""));
    struct roster_store_events *events = NULL;
    struct roster_store_watch *watch = NULL;
    struct roster_store *store;

    for_each_fd(note);
    store = store_fixture_other(f);
    put_text(store, "key", "value");
    cr_assert_eq(roster_store_watch_open(store, &keys, 0, &watch), 0);
    cr_assert_eq(roster_store_watch_next(watch, 20000, &events), 0);
    for_each_fd(expect_closed);
    roster_store_free(events);
    roster_store_watch_close(watch);
    store_fixture_close_other(f, store);
}
