/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The other processes: each that has an endpoint in the runtime directory is asked through its
 * socket there. A socket on which no process listens is left by one that has crashed, or a forked
 * worker that ended by _exit(): it is removed.
 */
#include "config.h"

#include "sqlite/extension.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

SQLITE_EXTENSION_INIT3

#define SYSTEM_DIR "/run/roster"
#define MOST_REPLY ((size_t)64 << 20)
#define PATIENCE_MS 2000 /* for one process, which may be stopped, or not be what it seems */

static const char *user_dir(void)
{
    const char *user = secure_getenv("XDG_RUNTIME_DIR");

    return user && *user == '/' && strcmp(user, "/run") != 0 ? user : NULL;
}

bool rst_ext_runtime_dir(char *to, size_t size)
{
    const char *user = user_dir();
    int n = snprintf(to, size, "%s/roster", user ? user : "/run");

    return n > 0 && (size_t)n < size;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Removes what a process has left that ended without. A server holds the lock beside its socket for
 * as long as it lives (src/status/listen.c), so one that begins at this moment is not taken for it.
 */
static void sweep(const char *path)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char name[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(".lock")];
    struct stat held, there;
    int fd;

    snprintf(name, sizeof(name), "%s.lock", path);
    fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    if (!fcntl(fd, F_OFD_SETLK, &whole) && !fstat(fd, &held) && S_ISREG(held.st_mode) &&
        !stat(name, &there) && held.st_ino == there.st_ino) {
        (void)unlink(path);
        (void)unlink(name);
    }
    close(fd);
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval patience = {PATIENCE_MS / 1000, 0};
    int64_t deadline = now_ms() + PATIENCE_MS;
    int fd, err;

    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    do
        err = connect(fd, (struct sockaddr *)&address, sizeof(address));
    while (err && errno == EINTR && now_ms() < deadline);
    if (!err)
        return fd;
    if (errno == ECONNREFUSED)
        sweep(path);
    close(fd);
    return -1;
}

/* As recv(), in what time is left. Signals of the host cost none of the reply. */
static ssize_t receive_some(int fd, char *to, size_t size, int64_t deadline)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int64_t left;
    ssize_t n;

    do {
        left = deadline - now_ms();
        n = left > 0 ? poll(&ready, 1, (int)left) : 0;
        if (!n)
            return -1;
        if (n > 0)
            n = recv(fd, to, size, MSG_DONTWAIT);
    } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    return n;
}

/* All that the server sends until it closes, if it has by then; by sqlite3_malloc(). */
static char *receive(int fd)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    size_t length = 0, size = 16384;
    char *text = sqlite3_malloc64(size), *grown;
    ssize_t n = 0;

    while (text && (n = receive_some(fd, text + length, size - length - 1, deadline)) > 0) {
        length += (size_t)n;
        if (size - length > 1)
            continue;
        size *= 2;
        grown = size <= MOST_REPLY ? sqlite3_realloc64(text, size) : NULL;
        if (!grown)
            sqlite3_free(text);
        text = grown;
    }
    if (text && n < 0) {
        sqlite3_free(text);
        return NULL;
    }
    if (text)
        text[length] = '\0';
    return text;
}

/* The body of the reply; NULL when there is none. By sqlite3_malloc(). */
static char *ask(const char *path, const char *method, const char *what)
{
    char *request = sqlite3_mprintf("%s %s HTTP/1.0\r\nHost: localhost\r\n\r\n", method, what);
    size_t length = request ? strlen(request) : 0;
    char *reply = NULL, *body;
    int fd = request ? dial(path) : -1;

    if (fd >= 0 && send(fd, request, length, MSG_NOSIGNAL) == (ssize_t)length)
        reply = receive(fd);
    if (fd >= 0)
        close(fd);
    sqlite3_free(request);
    body = reply ? strstr(reply, "\r\n\r\n") : NULL;
    if (!body) {
        sqlite3_free(reply);
        return NULL;
    }
    memmove(reply, body + 4, strlen(body + 4) + 1);
    return reply;
}

static char *copy(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column);

    return text ? sqlite3_mprintf("%s", text) : NULL;
}

/* A number behind "NAME=" in the attributes that conn.c writes. */
static uint64_t attribute(const char *attributes, const char *name)
{
    const char *at = attributes ? strstr(attributes, name) : NULL;

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static int add_row(sqlite3_stmt *stmt, struct rst_ext_rows *rows)
{
    const char *attributes = (const char *)sqlite3_column_text(stmt, 6);
    struct rst_ext_row *row;
    const char *files;
    int err = rst_ext_rows_add(rows, &row);

    if (err)
        return err;
    row->id = (uint64_t)sqlite3_column_int64(stmt, 0);
    row->process = row->id / RST_EXT_IDS;
    row->application = copy(stmt, 1);
    row->file = copy(stmt, 2);
    row->text = copy(stmt, 3);
    if (row->text) {
        row->statement_ms = sqlite3_column_int64(stmt, 4);
        row->cursors = 1;
        row->inside = true;
        row->waits = sqlite3_column_type(stmt, 8) != SQLITE_NULL;
    } else {
        row->text = copy(stmt, 7);
        row->is_last = true;
    }
    if (sqlite3_column_type(stmt, 5) != SQLITE_NULL)
        row->txn_ms = sqlite3_column_int64(stmt, 5);
    files = attributes ? strstr(attributes, RST_EXT_FILES) : NULL;
    row->holds = sqlite3_mprintf("%s\n%s", row->file ? row->file : "",
                                 files ? files + strlen(RST_EXT_FILES) : "");
    row->thread = attribute(attributes, "thread=");
    row->opened_ms = attribute(attributes, "opened=");
    row->mutex = attributes && strstr(attributes, "mutex=serialized");
    return row->application && row->file && row->holds ? SQLITE_OK : SQLITE_NOMEM;
}

/* SQLite reads the JSON itself. What is no object would fail the whole query. */
static int add_rows(sqlite3 *db, const char *json, struct rst_ext_rows *rows)
{
    static const char sql[] =
        "SELECT CAST(value->>'id' AS INTEGER), coalesce(value->>'application', ''), "
        "coalesce(value->>'db', ''), value->>'info', value->>'time_ms', "
        "CASE value->>'txn_state' WHEN 'valid' THEN value->>'txn_ms' END, value->>'attributes', "
        "value->>'last', value->>'wait_event' "
        "FROM json_each(?1, '$.rows') WHERE json_valid(?1) AND type = 'object'";
    sqlite3_stmt *stmt = NULL;
    int err = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (!err)
        err = sqlite3_bind_text(stmt, 1, json, -1, SQLITE_STATIC);
    while (!err && (err = sqlite3_step(stmt)) == SQLITE_ROW)
        err = add_row(stmt, rows);
    sqlite3_finalize(stmt);
    return err == SQLITE_DONE ? SQLITE_OK : err;
}

/* sqlite-PID.sock of another process. */
static bool is_peer(const char *name)
{
    char own[64];
    size_t length = strlen(name);

    snprintf(own, sizeof(own), RST_EXT_SOCKET, (long)getpid());
    return length > 12 && !strncmp(name, "sqlite-", 7) && !strcmp(name + length - 5, ".sock") &&
           strcmp(name, own) != 0;
}

static int dir_rows(sqlite3 *db, const char *directory, struct rst_ext_rows *rows)
{
    DIR *dir = opendir(directory);
    struct dirent *entry;
    int err = SQLITE_OK;
    char path[400], *reply;

    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the directory is this thread's alone */
    while (dir && !err && (entry = readdir(dir))) {
        if (!is_peer(entry->d_name))
            continue;
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        reply = ask(path, "GET", "/processlist?limit=10000&full=1");
        if (reply)
            err = add_rows(db, reply, rows);
        sqlite3_free(reply);
    }
    if (dir)
        closedir(dir);
    return err;
}

/* A service of the system has its socket in /run, whatever directory the one that asks has. */
int rst_ext_peers_rows(sqlite3 *db, struct rst_ext_rows *rows)
{
    char directory[96];
    int err = SQLITE_OK;

    if (user_dir() && rst_ext_runtime_dir(directory, sizeof(directory)))
        err = dir_rows(db, directory, rows);
    return err ? err : dir_rows(db, SYSTEM_DIR, rows);
}

/* What the reply says; `reply` is freed. */
static char *say(sqlite3 *db, unsigned long process, char *reply)
{
    sqlite3_stmt *stmt = NULL;
    char *text = NULL;

    if (!sqlite3_prepare_v2(db, "SELECT coalesce(?1->>'result', ?1->>'error') WHERE json_valid(?1)",
                            -1, &stmt, NULL) &&
        !sqlite3_bind_text(stmt, 1, reply, -1, SQLITE_STATIC) && sqlite3_step(stmt) == SQLITE_ROW)
        text = sqlite3_mprintf("process %lu: %s", process, sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_free(reply);
    return text ? text : sqlite3_mprintf("process %lu: no answer", process);
}

char *rst_ext_peers_kill(sqlite3 *db, uint64_t id, const char *how)
{
    unsigned long process = (unsigned long)(id / RST_EXT_IDS);
    char directory[96], path[160], what[128];
    char *reply = NULL;

    if (!rst_ext_runtime_dir(directory, sizeof(directory)))
        return sqlite3_mprintf("the path of the runtime directory is too long");
    snprintf(what, sizeof(what), "/kill?id=%llu&target=%s", (unsigned long long)id, how);
    if (user_dir()) {
        snprintf(path, sizeof(path), SYSTEM_DIR "/" RST_EXT_SOCKET, (long)process);
        reply = ask(path, "POST", what);
    }
    snprintf(path, sizeof(path), "%s/" RST_EXT_SOCKET, directory, (long)process);
    if (!reply)
        reply = ask(path, "POST", what);
    if (!reply)
        return sqlite3_mprintf(
            "process %lu: it does not listen on %s; ROSTER_SQLITE_STATUS=on makes "
            "it listen",
            process, path);
    return say(db, process, reply);
}
