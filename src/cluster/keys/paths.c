/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The keys of a cluster. */

#include "cluster/keys/keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int rst_paths_check_name(const char *name)
{
    size_t length = name ? strlen(name) : 0;

    return length == 0 || length > PATHS_PART || strchr(name, '/') ? -EINVAL : 0;
}

struct roster_store_bytes rst_paths_below(const struct roster_store_kv *kv, const char *prefix)
{
    size_t length = strlen(prefix);

    return (struct roster_store_bytes){(const char *)kv->key.data + length, kv->key.size - length};
}

void rst_paths_show(char *to, size_t room, struct roster_store_bytes name)
{
    size_t length = name.size < room ? name.size : room - 1;
    char *nul;

    memcpy(to, name.data, length);
    to[length] = '\0';
    while ((nul = memchr(to, '\0', length)))
        *nul = '?';
}

static int check_prefix(const char *prefix)
{
    size_t length = strlen(prefix);

    return length < 2 || length > PATHS_PART || prefix[0] != '/' || prefix[length - 1] == '/'
               ? -EINVAL
               : 0;
}

static void set(char *path, const char *prefix, const char *rest, const char *name)
{
    snprintf(path, PATHS_SIZE, "%s/%s%s", prefix, rest, name);
}

int rst_paths_init(struct paths *paths, const char *prefix, const char *server_id)
{
    if (!prefix)
        prefix = "/roster";
    if (check_prefix(prefix) || (server_id && rst_paths_check_name(server_id)))
        return -EINVAL;
    memset(paths, 0, sizeof(*paths));
    set(paths->records, prefix, "server/minstartts/", "");
    set(paths->holders, prefix, "server/holder/", "");
    set(paths->acks, prefix, "server/ack/", "");
    set(paths->safe_points, prefix, "safepoint/", "");
    set(paths->txn, prefix, "safepoint/txn", "");
    set(paths->gc, prefix, "safepoint/gc", "");
    set(paths->leader, prefix, "safepoint/leader", "");
    set(paths->pass, prefix, "safepoint/pass", "");
    set(paths->barriers, prefix, "safepoint/barrier/", "");
    if (!server_id)
        return 0;
    set(paths->info, prefix, "server/info/", server_id);
    set(paths->record, prefix, "server/minstartts/", server_id);
    set(paths->holder, prefix, "server/holder/", server_id);
    set(paths->ack, prefix, "server/ack/", server_id);
    set(paths->seen, prefix, "server/seen/", server_id);
    return 0;
}
