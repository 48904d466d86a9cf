/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * lmdb: LMDB's reader table. A session is a read transaction that is renewed and reset
 * (mdb_txn_renew, mdb_txn_reset), which is the way its documentation recommends; MDB_NOTLS ties it
 * to the session instead of the thread. LMDB's transactions know neither who they are nor since
 * when, and their timestamp is the number of the newest commit, so there is less to do.
 *
 * LMDB looks for its oldest reader only inside a write transaction that wants to use pages again
 * (mdb_find_oldest is not public). So oldest() writes one value and aborts, on a database in which
 * the only free pages belong to the newest commit: then every such transaction has to look. What
 * the rest of it costs shows in the row with no transaction open and few sessions.
 *
 * A reader gets its slot by a search through all slots, so opening n sessions takes n * n steps.
 */
#include "engine.h"
#include "directory.h"

#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>

#define MAP_BYTES (64 << 20)

struct world {
    MDB_env *env;
    MDB_dbi dbi;
    char *directory;
};

static const char *version(void)
{
    return mdb_version(NULL, NULL, NULL);
}

/* LMDB's own errors are below every errno. */
static int errno_of(int result)
{
    return result > 0 ? -result : result ? -EIO : 0;
}

static int write_value(struct world *it, bool commit)
{
    MDB_val key = {1, (void *)(uintptr_t) "k"}, value = {1, (void *)(uintptr_t) "v"};
    MDB_txn *txn;
    int result = mdb_txn_begin(it->env, NULL, 0, &txn);

    if (result)
        return errno_of(result);
    if (!it->dbi)
        result = mdb_dbi_open(txn, NULL, 0, &it->dbi);
    if (!result)
        result = mdb_put(txn, it->dbi, &key, &value, 0);
    if (!result && commit)
        return errno_of(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    return errno_of(result);
}

static void destroy(void *world)
{
    struct world *it = world;

    if (it->env)
        mdb_env_close(it->env);
    directory_remove(it->directory);
    free(it);
}

static int create(const struct engine_setup *setup, void **world)
{
    struct world *made = calloc(1, sizeof(*made));
    int err;

    if (!made)
        return -ENOMEM;
    err = directory_create(&made->directory);
    if (!err)
        err = errno_of(mdb_env_create(&made->env));
    if (!err)
        err = errno_of(mdb_env_set_maxreaders(made->env, (unsigned)setup->sessions));
    if (!err)
        err = errno_of(mdb_env_set_mapsize(made->env, MAP_BYTES));
    if (!err)
        err = errno_of(mdb_env_open(made->env, made->directory,
                                    MDB_NOTLS | MDB_NOSYNC | MDB_NORDAHEAD | MDB_NOMEMINIT, 0600));
    /* Create the value, then replace it: the pages that this frees are of the newest commit. */
    if (!err)
        err = write_value(made, true);
    if (!err)
        err = write_value(made, true);
    if (err)
        destroy(made);
    else
        *world = made;
    return err;
}

static int open_session(void *world, uint64_t id, const struct who *who, void **session)
{
    struct world *it = world;
    MDB_txn *txn;
    int err = errno_of(mdb_txn_begin(it->env, NULL, MDB_RDONLY, &txn));

    (void)id;
    (void)who;
    if (err)
        return err;
    mdb_txn_reset(txn);
    *session = txn;
    return 0;
}

static int close_session(void *world, void *session)
{
    (void)world;
    mdb_txn_abort(session);
    return 0;
}

static int begin(void *world, void *session, uint64_t *start_ts)
{
    int err = errno_of(mdb_txn_renew(session));

    (void)world;
    *start_ts = mdb_txn_id(session);
    return err;
}

static int end(void *world, void *session)
{
    (void)world;
    mdb_txn_reset(session);
    return 0;
}

static int oldest(void *world, uint64_t *ts)
{
    *ts = 0;
    return write_value(world, false);
}

static int advance(void *world)
{
    return write_value(world, true);
}

const struct engine engine_lmdb = {
    .name = "lmdb",
    .title = "LMDB, renew and reset of read transactions",
    .can = CAN_TXN | CAN_OLDEST,
    .most_sessions = 100000,
    ENGINE_TXNS,
    .create = create,
    .oldest = oldest,
    .advance = advance,
};
