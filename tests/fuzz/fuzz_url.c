/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The URL of a store, and its options. Opening an etcd store contacts no server; with SQLite only
 * the path is looked at, and of a file that must exist.
 */
#include "fuzz.h"

#include <roster/store.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct roster_store_options options = {.size = sizeof(options), .must_exist = true};
    char error[ROSTER_STORE_ERROR_SIZE] = "";
    struct roster_store *store = NULL;
    char *url = malloc(size + 1);
    int err;

    if (!url)
        return 0;
    memcpy(url, data, size);
    url[size] = '\0';
    err = roster_store_open(url, &options, &store, error, sizeof(error));
    fuzz_require((err == 0) == (store != NULL), "%d, and a store at %p", err, (void *)store);
    fuzz_require(err == 0 || error[0] != '\0', "%d without a word about it", err);
    if (store)
        fuzz_require(strcmp(roster_store_url(store), url) == 0, "another URL");
    roster_store_close(store);
    free(url);
    return 0;
}
