/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The store of a cluster: opening it; the exit code of its error, and what to run then.
 */
#include "rosterctl/cluster.h"

#include <errno.h>
#include <roster/store.h>
#include <roster/text.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_MOST 128

static const char sqlite[] = "sqlite:", etcd[] = "etcd:";

/* Whose lock it is; else whether the file, and room for it, are there. */
static void print_sqlite(FILE *out, const char *file, int err)
{
    char *path = realpath(file, NULL); /* as lslocks has it */

    file = path ? path : file;
    fputs(err == -ENOLCK ? "lslocks --output COMMAND,PID,MODE,PATH | grep -F -- " : "ls -l ", out);
    cluster_print_word(out, file);
    if (err != -ENOLCK) {
        fputs("; df -h ", out);
        cluster_print_word(out, file);
    }
    free(path);
}

static void print_option(FILE *out, const char *option, const char *value)
{
    if (!value)
        return;
    fprintf(out, " %s=", option);
    cluster_print_word(out, value);
}

/* etcdctl asks for the password of a user itself. */
static void print_etcd(FILE *out, const struct options *options, int err)
{
    char urls[512];

    roster_text_redact(options->store, urls, sizeof(urls));
    fputs("etcdctl", out);
    print_option(out, "--endpoints", urls + sizeof(etcd) - 1);
    print_option(out, "--cacert", options->store_ca);
    print_option(out, "--cert", options->store_cert);
    print_option(out, "--key", options->store_key);
    print_option(out, "--user", options->store_user);
    fputs(err == -ENOSPC ? " alarm list" : " endpoint health", out);
}

/* Whether a look at the store shows more: not where it has answered, or was not asked. */
static bool is_of_store(int err)
{
    return err != -EINVAL && err != -ESTALE && err != -ENOMEM;
}

/* NULL: there is none, or no memory for it. */
static char *command_for(const struct options *options, int err)
{
    bool is_sqlite = !strncmp(options->store, sqlite, sizeof(sqlite) - 1);
    char *command = NULL;
    size_t size = 0;
    FILE *out;

    if ((!is_sqlite && strncmp(options->store, etcd, sizeof(etcd) - 1) != 0) || !is_of_store(err))
        return NULL;
    out = open_memstream(&command, &size);
    if (!out)
        return NULL;
    if (is_sqlite)
        print_sqlite(out, options->store + sizeof(sqlite) - 1, err);
    else
        print_etcd(out, options, err);
    if (!fclose(out))
        return command;
    free(command);
    return NULL;
}

int ctl_store_code(int err)
{
    switch (err) {
    case -EINVAL:
        return CTL_USAGE;
    case -ENOENT:
        return CTL_NOT_FOUND;
    case -ESTALE:
        return CTL_NOT_DONE;
    case -EACCES:
    case -EKEYREJECTED:
    case -EROFS:
        return CTL_FORBIDDEN;
    case -EHOSTUNREACH:
    case -ETIMEDOUT:
        return CTL_NO_SERVER;
    default:
        return CTL_FAILED;
    }
}

/* The newest warning of a store in this thread: its errors name no endpoint, file or certificate.
 */
static _Thread_local char reason[256];

static void keep_reason(enum roster_store_log_level level, const char *line, void *arg)
{
    (void)arg;
    if (level != ROSTER_STORE_LOG_INFO)
        snprintf(reason, sizeof(reason), ": %s", line);
}

int ctl_store_failed(const struct options *options, int err, const char *text)
{
    char *command = command_for(options, err);

    ctl_error(ctl_store_code(err), "%s%s", text, reason);
    if (command)
        ctl_propose(command);
    free(command);
    return ctl_store_code(err);
}

/* As the servers' own check, whose error has no text for an operator. */
static bool is_prefix(const char *prefix)
{
    size_t length = strlen(prefix);

    return length >= 2 && length <= PREFIX_MOST && *prefix == '/' && prefix[length - 1] != '/';
}

int ctl_open_store(const struct options *options, struct roster_store **store)
{
    struct roster_store_options opening = {.size = sizeof(opening)};
    char error[ROSTER_STORE_ERROR_SIZE];
    int err;

    if (!options->store)
        return ctl_error(CTL_USAGE, "--store says in which store: sqlite:PATH or etcd:URL,URL");
    if (!strncmp(options->store, "memory", 6))
        return ctl_error(CTL_USAGE,
                         "--store=memory is a store inside one server, which nothing else "
                         "can open; ask that server with --server");
    if (options->prefix && !is_prefix(options->prefix))
        return ctl_error(CTL_USAGE,
                         "--prefix takes 2 to %d bytes that begin with a slash and end without "
                         "one, not \"%s\"",
                         PREFIX_MOST, options->prefix);
    *reason = '\0';
    opening.log = keep_reason;
    opening.must_exist = true; /* a path that was misspelt is no new cluster */
    opening.user = options->store_user;
    opening.password = options->store_user ? options->store_password : NULL;
    opening.tls_ca_file = options->store_ca;
    opening.tls_cert_file = options->store_cert;
    opening.tls_key_file = options->store_key;
    err = roster_store_open(options->store, &opening, store, error, sizeof(error));
    return err ? ctl_store_failed(options, err, error) : CTL_OK;
}
