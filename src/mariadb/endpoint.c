/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "mariadb/endpoint.h"

#include "mariadb/mirror.h"
#include "mariadb/server.h"

#include <errno.h>
#include <fcntl.h>
#include <roster/status.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOKEN_ROOM 512
#define PEM_ROOM 65536

static struct roster_status *status;

/* What is read from files, until the endpoint has its copies. */
struct secrets {
    char token[TOKEN_ROOM], metrics_token[TOKEN_ROOM], cert[PEM_ROOM], key[PEM_ROOM];
};

/* A file, the system variable that names it, and where its text goes. */
struct secret {
    const char *variable, *path;
    char *text;
    size_t room;
    bool is_public;
};

/* Returns 0, or 1 after an error was reported. */
static int read_open(int fd, const struct secret *secret)
{
    struct stat about;
    ssize_t length;

    if (fstat(fd, &about) || !S_ISREG(about.st_mode))
        return rst_mdb_refuse("%s: %s is not a file", secret->variable, secret->path);
    if (!secret->is_public && about.st_mode & 077)
        return rst_mdb_refuse("%s: %s can be read by others: chmod 600", secret->variable,
                              secret->path);
    length = read(fd, secret->text, secret->room);
    if (length < 0)
        return rst_mdb_refuse("%s: %s: %m", secret->variable, secret->path);
    if ((size_t)length == secret->room)
        return rst_mdb_refuse("%s: %s has more than %zu bytes", secret->variable, secret->path,
                              secret->room - 1);
    secret->text[length] = '\0';
    /* Cut short, it would be another one: the first of random bytes may be a token of one byte. */
    if (strlen(secret->text) < (size_t)length)
        return rst_mdb_refuse("%s: %s has a NUL", secret->variable, secret->path);
    if (secret->room == TOKEN_ROOM) /* of a token the first line */
        secret->text[strcspn(secret->text, "\r\n")] = '\0';
    return *secret->text ? 0 : rst_mdb_refuse("%s: %s is empty", secret->variable, secret->path);
}

static bool is_set(const char *variable)
{
    return variable && *variable;
}

/* Stores the text in `*option` where a file is named. */
static int read_secret(const struct secret *secret, const char **option)
{
    int fd, failed;

    if (!is_set(secret->path))
        return 0;
    fd = open(secret->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return rst_mdb_refuse("%s: %s: %m", secret->variable, secret->path);
    failed = read_open(fd, secret);
    close(fd);
    if (!failed)
        *option = secret->text;
    return failed;
}

static int read_secrets(const struct rst_mdb_endpoint *wanted, struct secrets *to,
                        struct roster_status_options *options)
{
    const struct secret token = {"roster_token_file", wanted->token_file, to->token, TOKEN_ROOM,
                                 false},
                        metrics = {"roster_metrics_token_file", wanted->metrics_token_file,
                                   to->metrics_token, TOKEN_ROOM, false},
                        cert = {"roster_metrics_cert_file", wanted->metrics_cert_file, to->cert,
                                PEM_ROOM, true},
                        key = {"roster_metrics_key_file", wanted->metrics_key_file, to->key,
                               PEM_ROOM, false};

    return read_secret(&token, &options->token) || read_secret(&metrics, &options->metrics_token) ||
           read_secret(&cert, &options->metrics_cert) || read_secret(&key, &options->metrics_key);
}

static int start(const struct rst_mdb_endpoint *wanted, struct secrets *secrets)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    char error[ROSTER_STATUS_ERROR_SIZE];

    options.error = error;
    options.error_size = sizeof(error);
    options.address = wanted->status;
    options.name = "mariadb";
    options.peers = true;
    if (is_set(wanted->metrics))
        options.metrics_address = wanted->metrics;
    if (read_secrets(wanted, secrets, &options))
        return 1;
    if (!roster_status_start(rst_mdb_roster(), &options, &status))
        return 0;
    return rst_mdb_refuse("roster_status, roster_metrics: %s", error);
}

/* What is set is of use. */
static int check(const struct rst_mdb_endpoint *wanted)
{
    if (!is_set(wanted->status) && (is_set(wanted->token_file) || is_set(wanted->metrics)))
        return rst_mdb_refuse("roster_token_file or roster_metrics without roster_status is of no "
                              "use");
    if (is_set(wanted->metrics) && !is_set(wanted->metrics_token_file))
        return rst_mdb_refuse("roster_metrics needs roster_metrics_token_file");
    if (!is_set(wanted->metrics) &&
        (is_set(wanted->metrics_token_file) || is_set(wanted->metrics_cert_file) ||
         is_set(wanted->metrics_key_file)))
        return rst_mdb_refuse("a file of roster_metrics without roster_metrics is of no use");
    return 0;
}

int rst_mdb_endpoint_start(const struct rst_mdb_endpoint *wanted)
{
    struct secrets *secrets;
    int failed = check(wanted);

    if (failed || !is_set(wanted->status))
        return failed;
    secrets = malloc(sizeof(*secrets));
    if (!secrets)
        return rst_mdb_refuse("roster_status: %s", roster_strerror(-ENOMEM));
    failed = start(wanted, secrets);
    explicit_bzero(secrets, sizeof(*secrets));
    free(secrets);
    return failed;
}

void rst_mdb_endpoint_stop(void)
{
    roster_status_stop(status);
    status = NULL;
}

const char *rst_mdb_endpoint_address(void)
{
    return roster_status_address(status);
}

const char *rst_mdb_endpoint_metrics(void)
{
    return roster_status_metrics_address(status);
}
