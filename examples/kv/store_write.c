/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Keys and writes, before they get into the store.
 */
#include "config.h"

#include "store_private.h"

#include "hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct store_key store_key(const struct store *store, struct slice bytes)
{
    return (struct store_key){hash_bytes(store->hash_key, bytes.data, bytes.len), bytes};
}

int store_key_compare(const struct store_key *a, const struct store_key *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    if (a->bytes.len != b->bytes.len)
        return a->bytes.len < b->bytes.len ? -1 : 1;
    return memcmp(a->bytes.data, b->bytes.data, a->bytes.len);
}

uint64_t store_key_shard(const struct store_key *key)
{
    return UINT64_C(1) << key->hash % STORE_SHARDS;
}

static struct store_entry *entry_new(const struct store_key *key)
{
    struct store_entry *entry = malloc(sizeof(*entry) + key->bytes.len);

    if (!entry)
        return NULL;
    memset(entry, 0, sizeof(*entry));
    entry->hash = key->hash;
    entry->len = key->bytes.len;
    memcpy(entry->key, key->bytes.data, key->bytes.len);
    return entry;
}

struct store_write *store_write_new(const struct store_key *key)
{
    struct store_write *write = malloc(sizeof(*write));
    struct store_entry *entry = entry_new(key);

    if (!write || !entry) {
        free(write);
        free(entry);
        return NULL;
    }
    write->key.hash = key->hash;
    write->key.bytes = (struct slice){entry->key, entry->len};
    write->entry = entry;
    write->version = NULL;
    return write;
}

void store_write_free(struct store_write *write)
{
    free(write->entry);
    free(write->version);
    free(write);
}

struct store_version *store_version_new(const struct slice *value)
{
    size_t len = value ? value->len : 0;
    struct store_version *version = malloc(sizeof(*version) + len);

    if (!version)
        return NULL;
    memset(version, 0, sizeof(*version));
    version->deleted = !value;
    version->len = (uint32_t)len; /* no request is that long */
    if (len)
        memcpy(version->data, value->data, len);
    return version;
}

int store_write_set(struct store_write *write, const struct slice *value)
{
    struct store_version *version = store_version_new(value);

    if (!version)
        return -ENOMEM;
    free(write->version);
    write->version = version;
    return 0;
}

const char *store_write_value(const struct store_write *write, size_t *len)
{
    *len = write->version->len;
    return write->version->deleted ? NULL : write->version->data;
}
