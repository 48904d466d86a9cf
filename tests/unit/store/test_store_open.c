/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What roster_store_open() says about bad input: which argument, which value, what to do. */

#include "config.h"

#include "scratch.h"
#include "store_fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_refusal(const char *url, const struct roster_store_options *options, int wanted,
                           const char *named, const char *advice)
{
    char error[ROSTER_STORE_ERROR_SIZE] = "";
    struct roster_store *store = (void *)error;
    int err = roster_store_open(url, options, &store, error, sizeof(error));

    cr_expect_eq(err, wanted, "%s: %d instead of %d (%s)", url, err, wanted, error);
    cr_expect_null(store);
    cr_expect_not_null(strstr(error, named), "\"%s\" does not name %s", error, named);
    cr_expect_not_null(strstr(error, advice), "\"%s\" does not advise %s", error, advice);
    if (err == 0)
        roster_store_close(store);
}

Test(store_open, urls_of_unknown_kinds_are_refused)
{
    expect_refusal(NULL, NULL, -EINVAL, "URL", "missing");
    expect_refusal("", NULL, -EINVAL, "\"\"", "write \"memory\"");
    expect_refusal("redis:here", NULL, -EINVAL, "redis:here", "sqlite:PATH");
    expect_refusal("memory:here", NULL, -EINVAL, "memory:here", "write \"memory\"");
    expect_refusal("memoryless", NULL, -EINVAL, "memoryless", "write \"memory\"");
}

Test(store_open, a_missing_handle_is_refused)
{
    char error[ROSTER_STORE_ERROR_SIZE] = "";

    cr_expect_eq(roster_store_open("memory", NULL, NULL, error, sizeof(error)), -EINVAL);
    cr_expect_not_null(strstr(error, "store is NULL"));
}

Test(store_open, an_error_text_is_optional_and_never_too_long)
{
    struct roster_store *store = NULL;
    char error[16] = "untouched";

    cr_expect_eq(roster_store_open("nonsense", NULL, &store, NULL, 0), -EINVAL);
    cr_expect_eq(roster_store_open("nonsense", NULL, &store, error, 0), -EINVAL);
    cr_expect_str_eq(error, "untouched");
    cr_expect_eq(roster_store_open("nonsense", NULL, &store, error, 10), -EINVAL);
    cr_expect_eq(strlen(error), 9);
    cr_assert_eq(roster_store_open("memory", NULL, &store, error, sizeof(error)), 0);
    cr_expect_str_eq(error, "");
    roster_store_close(store);
    roster_store_close(NULL);
}

Test(store_open, options_are_checked_one_by_one)
{
    struct roster_store_options o = {.size = 1};

    expect_refusal("memory", &o, -EINVAL, "size is 1", "sizeof");
    o = (struct roster_store_options){.size = sizeof(o), .call_timeout_ms = -5};
    expect_refusal("memory", &o, -EINVAL, "call_timeout_ms is -5", "default 5000");
    o = (struct roster_store_options){.size = sizeof(o), .watch_check_ms = 7};
    expect_refusal("memory", &o, -EINVAL, "watch_check_ms is 7", "give 100 to");
    o = (struct roster_store_options){.size = sizeof(o), .backoff_min_ms = 9, .backoff_max_ms = 8};
    expect_refusal("memory", &o, -EINVAL, "backoff_min_ms is 9", "swap");
    o = (struct roster_store_options){.size = sizeof(o), .max_result_bytes = 100};
    expect_refusal("memory", &o, -EINVAL, "max_result_bytes is 100", "at least 4096");
    o = (struct roster_store_options){.size = sizeof(o), .user = "anna"};
    expect_refusal("memory", &o, -EINVAL, "\"anna\"", "set both");
    o = (struct roster_store_options){.size = sizeof(o), .user = "", .password = "secret"};
    expect_refusal("memory", &o, -EINVAL, "user is empty", "NULL");
    o = (struct roster_store_options){.size = sizeof(o), .password = "secret"};
    expect_refusal("memory", &o, -EINVAL, "password", "set both");
    o = (struct roster_store_options){.size = sizeof(o), .tls_key_file = "k"};
    expect_refusal("memory", &o, -EINVAL, "tls_key_file is set but tls_cert_file", "set both");
}

Test(store_open, newer_options_are_welcome_while_unused)
{
    struct {
        struct roster_store_options known;
        long unknown;
    } newer = {{.size = sizeof(newer)}, 0};
    struct roster_store *store = NULL;

    cr_assert_eq(roster_store_open("memory", &newer.known, &store, NULL, 0), 0);
    roster_store_close(store);
    newer.unknown = 1;
    expect_refusal("memory", &newer.known, -E2BIG, "does not know", "install");
}

static bool is_null(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && st.st_rdev == makedev(1, 3);
}

/* What any part of the process prints reaches no file and no connection of the store. */
Test(store_open, descriptors_that_the_parent_has_closed_are_not_a_stores)
{
    struct roster_store *store;
    int fd, status = 0;
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (!child) {
        for (fd = 0; fd <= 2; fd++)
            close(fd);
        if (roster_store_open("memory", NULL, &store, NULL, 0))
            _exit(1);
        _exit(is_null(0) && is_null(1) && is_null(2) ? 0 : 2);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0);
}

#ifdef HAVE_SQLITE
Test(store_open, sqlite_paths_are_checked)
{
    char dir[256], url[600];
    struct roster_store_options o = {.size = sizeof(o), .must_exist = true};

    scratch_dir(dir, sizeof(dir));
    expect_refusal("sqlite", NULL, -EINVAL, "name is missing", "write for example");
    expect_refusal("sqlite:", NULL, -EINVAL, "name is missing", "write for example");
    expect_refusal("sqlite::memory:", NULL, -EINVAL, ":memory:", "write \"memory\"");
    snprintf(url, sizeof(url), "sqlite:%s/", dir);
    expect_refusal(url, NULL, -EINVAL, url, "write for example");
    snprintf(url, sizeof(url), "sqlite:%s", dir);
    expect_refusal(url, NULL, -EINVAL, url, "regular file");
    snprintf(url, sizeof(url), "sqlite:%s/none/store.db", dir);
    expect_refusal(url, NULL, -ENOENT, "/none", "create it");
    snprintf(url, sizeof(url), "sqlite:%s/store.db", dir);
    expect_refusal(url, &o, -ENOENT, url, "name the one that the servers use");
    expect_refusal("sqlite:/dev/null", NULL, -EINVAL, "/dev/null", "regular file");
    expect_refusal("sqlite:/dev/null/store.db", NULL, -EINVAL, "/dev/null", "is not a directory");
}

/* Servers that open it by different names would have a log each. */
Test(store_open, an_sqlite_file_has_one_name)
{
    char dir[256], path[300], other[300], url[310];
    struct roster_store *store = NULL;

    scratch_dir(dir, sizeof(dir));
    snprintf(path, sizeof(path), "%s/store.db", dir);
    snprintf(other, sizeof(other), "%s/other.db", dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0);
    roster_store_close(store);
    cr_assert_eq(link(path, other), 0);
    expect_refusal(url, NULL, -EINVAL, url, "find -samefile");
    snprintf(url, sizeof(url), "sqlite:%s", other);
    expect_refusal(url, NULL, -EINVAL, url, "find -samefile");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(symlink(other, path), 0);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    cr_assert_eq(roster_store_open(url, NULL, &store, NULL, 0), 0, "that is followed");
    roster_store_close(store);
}
#endif
