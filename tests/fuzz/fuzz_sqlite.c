/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A file that claims to be a SQLite store. Whatever is in it, it is a store or is refused, and what
 * is read from it is well-formed.
 */
#include "fuzz.h"

#include <roster/store.h>
#include <roster/store_watch.h>
#include <unistd.h>

static char directory[64];

static void clean_up(void)
{
    char path[128];
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/db%s", directory, ends[i]);
        unlink(path);
    }
}

static void leave(void)
{
    clean_up();
    rmdir(directory);
}

static void use(struct roster_store *store)
{
    struct roster_store_keys keys = roster_store_prefix(roster_store_text(""));
    struct roster_store_op op = roster_store_put(roster_store_text("k"), roster_store_text("v"), 0);
    struct roster_store_txn txn = {.success = &op, .n_success = 1};
    struct roster_store_events *events;
    struct roster_store_watch *watch;
    struct roster_store_range *range;

    if (roster_store_get(store, &keys, 0, 50, &range) == 0)
        for (size_t i = 0; i < range->count; i++)
            fuzz_require(range->kvs[i].key.size > 0 && range->kvs[i].version > 0, "key %zu", i);
    roster_store_free(range);
    if (roster_store_txn(store, &txn, 50, NULL) == 0) {
        fuzz_require(roster_store_get(store, &keys, 0, 50, &range) != 0 || range->count > 0,
                     "what was written is not there");
        roster_store_free(range);
    }
    if (roster_store_watch_open(store, &keys, 1, &watch) == 0 &&
        roster_store_watch_next(watch, 0, &events) == 0)
        roster_store_free(events);
    roster_store_watch_close(watch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct roster_store *store = NULL;
    char path[96], url[128];
    FILE *file;

    if (!directory[0]) {
        const char *parent = getenv("TMPDIR");

        snprintf(directory, sizeof(directory), "%.40s/roster-fuzz.XXXXXX",
                 parent ? parent : "/tmp");
        if (!mkdtemp(directory))
            return 0;
        atexit(leave);
    }
    clean_up();
    snprintf(path, sizeof(path), "%s/db", directory);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    file = fopen(path, "wb");
    if (!file)
        return 0;
    fwrite(data, 1, size, file);
    fclose(file);
    if (roster_store_open(url, NULL, &store, NULL, 0) == 0)
        use(store);
    roster_store_close(store);
    return 0;
}
