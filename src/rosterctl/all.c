/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * All servers of a user: each puts its socket into one directory, and takes it away when it ends.
 */
#include "rosterctl/cluster.h"

#include <errno.h>
#include <glob.h>
#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What is left by a server that has crashed is no error; a server that is stuck is one, and when it
 * has been for long, a connect() that blocks would wait for it. */
static bool is_stale(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    bool refused;
    int fd;

    if (strlen(path) >= sizeof(address.sun_path))
        return true;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    refused = connect(fd, (struct sockaddr *)&address, sizeof(address)) &&
              (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return refused;
}

/* Who may put a socket there need not be who the token is for. */
static int run_one(const struct options *options, command_fn *run, const struct server *server)
{
    struct options one = *options;
    char shown[512];

    one.server = server->address;
    if (run != ctl_kill)
        one.token = NULL;
    roster_text_show(server->address, strlen(server->address), shown, sizeof(shown));
    table_of(shown);
    if (!ctl_for_program(options))
        printf("%s\n", shown);
    return server->reply.code == CTL_NO_SERVER ? ctl_fail(&one, &server->reply) : run(&one);
}

/* All are asked at once first: those that are stopped cost their time together. */
static int run_all(const struct options *options, command_fn *run, const glob_t *found)
{
    struct servers servers = {.all = calloc(found->gl_pathc + 1, sizeof(*servers.all))};
    int code = run == ctl_kill ? CTL_NOT_FOUND : CTL_OK, one;
    bool done = false;
    size_t n;

    if (!servers.all)
        return ctl_error(CTL_FAILED, "out of memory");
    for (n = 0; n < found->gl_pathc; n++)
        if (!is_stale(found->gl_pathv[n]))
            snprintf(servers.all[servers.count++].address, sizeof(servers.all->address), "unix:%s",
                     found->gl_pathv[n]);
    servers_ask(&servers, options, NULL, NULL);
    for (n = 0; n < servers.count && !done; n++) {
        one = run_one(options, run, &servers.all[n]);
        if (one != CTL_OK || run == ctl_kill)
            code = one;
        /* An id is one server's alone where they choose them so, as the SQLite extension does. */
        done = run == ctl_kill && one != CTL_NOT_FOUND;
    }
    n = servers.count;
    servers_free(&servers);
    return n ? code : CTL_NO_SERVER;
}

/* One id after the other: what one server does not know is no reason to ask the next one for all.
 */
static int kill_each(const struct options *options, const glob_t *found)
{
    struct options one = *options;
    int code = CTL_OK, n, of_one;

    for (n = 0; n < options->n_args; n++) {
        one.args = options->args + n;
        one.n_args = 1;
        of_one = run_all(&one, ctl_kill, found);
        if (of_one != CTL_OK)
            code = of_one;
    }
    return code;
}

/* The sockets of the user's own servers, and of those of the system. As glob(). */
static int find(const char *user, glob_t *found)
{
    static const char sockets[] = "/roster/*.sock";
    char pattern[1024];
    size_t length = 0;
    int code = GLOB_NOMATCH;

    found->gl_pathc = 0;
    if (user && strlen(user) * 2 + sizeof(sockets) > sizeof(pattern))
        user = NULL; /* no socket has so long a path */
    if (user) {
        for (; *user; pattern[length++] = *user++)
            if (strchr("*?[\\", *user)) /* the path is no pattern */
                pattern[length++] = '\\';
        memcpy(pattern + length, sockets, sizeof(sockets));
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no other threads */
        code = glob(pattern, 0, NULL, found);
        if (code && code != GLOB_NOMATCH)
            return code;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no other threads */
    code = glob("/run/roster/*.sock", user ? GLOB_APPEND : 0, NULL, found);
    return code == GLOB_NOMATCH && found->gl_pathc ? 0 : code;
}

int ctl_all(const struct options *options, command_fn *run)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there are no other threads */
    const char *user = getenv("XDG_RUNTIME_DIR");
    glob_t found;
    int code;

    if (options->watch_s > 0 || options->follow)
        return ctl_error(CTL_USAGE, "--%s is about one server",
                         options->follow ? "follow" : "watch");
    if (options->store)
        return ctl_error(CTL_USAGE, "--all and --store exclude each other");
    if (user && (*user != '/' || !strcmp(user, "/run")))
        user = NULL;
    code = find(user, &found);
    if (!code) {
        code = run == ctl_kill && options->n_args > 1 ? kill_each(options, &found)
                                                      : run_all(options, run, &found);
        globfree(&found);
    } else {
        code = code == GLOB_NOMATCH ? CTL_NO_SERVER : CTL_FAILED;
    }
    if (code == CTL_NO_SERVER)
        return ctl_error(code, "no server listens in %s%s/run/roster", user ? user : "",
                         user ? "/roster or " : "");
    return code;
}
