/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Stores: where the servers of a cluster meet.
 *
 * A store is an ordered map from keys to values, both byte strings, with one counter, the
 * revision: each transaction that changes something is given the next revision, and every key
 * remembers the revisions of its creation and of its last change. Keys may hang on a lease and
 * vanish with it. The same calls, with the same results, work on memory (one process), on an
 * SQLite file (processes of one host) and on an etcd v3 cluster.
 *
 * **Threads.** Every function may be called from any thread, and calls on one handle do not
 * wait for each other: a put that hangs does not delay a keep-alive. The two exceptions are
 * roster_store_close() and the functions of one watch, see there. SQLite allows one writer at a
 * time, so a writer waits for the writers of all processes, bounded by its time-out.
 *
 * **Time.** Each call takes a relative time-out in milliseconds: 0 tries without waiting
 * (etcd always needs to wait), a negative number stands for the option call_timeout_ms. It
 * covers all attempts, endpoints and back-offs of the call. A call whose endpoints all pause beyond
 * its end returns the error of its last attempt at once, -ETIMEDOUT too.
 *
 * **Results** are copies in one allocation. They stay valid, also after the store is closed,
 * until they are given to roster_store_free().
 *
 * **Errors.** Functions return 0 or a negative errno; roster_store_strerror() explains it in
 * words.
 *
 * | errno           | meaning                                                              |
 * | --------------- | -------------------------------------------------------------------- |
 * | -EINPROGRESS    | the outcome is unknown: the change was made, will be made, or is lost |
 * | -ETIMEDOUT      | time ran out; certainly nothing was or will be changed               |
 * | -ENOLCK         | the same, since another process held the SQLite file's lock; or an   |
 * |                 | extension that the program has in all connections interrupted it     |
 * | -EHOSTUNREACH   | no endpoint is reachable and able to serve; nothing changed          |
 * | -EKEYEXPIRED    | the lease expired, was revoked or never was; nothing changed         |
 * | -EREMCHG        | the handle's store was replaced, see roster_store_rebind() |
 * | -EACCES         | user, password, role or file permission is refused; nothing changed  |
 * | -EKEYREJECTED   | a TLS certificate was rejected, theirs or ours; nothing changed      |
 * | -EPROTO         | the answer is not that of an etcd v3 gateway; nothing changed        |
 * | -EMSGSIZE       | request or answer exceeds a limit; nothing changed                   |
 * | -ENOSPC         | disk or quota is full; nothing changed                               |
 * | -EROFS          | the SQLite file is read-only; nothing changed                        |
 * | -EUCLEAN        | the SQLite file is damaged; nothing changed                          |
 * | -EMEDIUMTYPE    | the file is not a store of this version of Roster; nothing changed   |
 * | -EIO            | the disk failed, or the kernel refuses random numbers or its clock;  |
 * |                 | nothing changed                                                      |
 * | -ENOMEM         | memory is out; nothing changed                                       |
 * | -EINVAL         | an argument is null, out of range or of an unknown size              |
 *
 * The library repeats a read with an unknown outcome, so -EINPROGRESS comes only from
 * roster_store_txn() with a put or delete, and from lease grants and revocations.
 */
#ifndef ROSTER_STORE_H
#define ROSTER_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <roster/export.h>

ROSTER_BEGIN_DECLS

/* Compares, and operations of one branch, that one transaction may have. */
#define ROSTER_STORE_MAX_OPS 128
/* Bytes that all keys and values of one call may have together. */
#define ROSTER_STORE_MAX_REQUEST (1024U * 1024U)
/* Longest lease, in milliseconds: a year. */
#define ROSTER_STORE_MAX_TTL_MS (INT64_C(365) * 24 * 3600 * 1000)
/* Bytes that hold every error text of roster_store_open(). */
#define ROSTER_STORE_ERROR_SIZE 512
/* Stands for the option call_timeout_ms where a time-out is asked for. */
#define ROSTER_STORE_DEFAULT_TIMEOUT (-1)

/* A store's handle. */
struct roster_store;

/* A byte string; may hold any bytes, zero included. `data` may be NULL when `size` is 0. */
struct roster_store_bytes {
    const void *data;
    size_t size;
};

/* How serious a line for the log is. */
enum roster_store_log_level {
    ROSTER_STORE_LOG_INFO,    /* something changed, nothing is wrong */
    ROSTER_STORE_LOG_WARNING, /* something failed and is being worked around */
    ROSTER_STORE_LOG_ERROR    /* something failed that only an operator can put right */
};

/*
 * Takes one line for the log.
 *
 * `arg`: the option log_arg; `level`: how serious it is; `text`: one line without
 * newline and without secrets, gone when the callback returns.
 *
 * Repeated failures do not flood a log: a line that recurs soon is left out, and the next one ends
 * with " (repeated N times in S s)", once a second at first, then less often, down to once a
 * minute. Of different lines, one store, syncer or safe point writes at most 32 at once and then
 * one every 2 s, with the number of lines left out.
 *
 * Called in the thread that called the store, which waits for the return; never with a lock held,
 * so it may use the store, but the caller's time-out includes its calls.
 */
typedef void roster_store_log_fn(enum roster_store_log_level level, const char *text, void *arg);

/*
 * Options of a store: access and time-outs. Begin with ROSTER_STORE_OPTIONS_INIT; a member that
 * is 0 or NULL has its default. Strings are copied.
 */
struct roster_store_options {
    size_t size; /* sizeof(struct roster_store_options) */

    int call_timeout_ms;      /* for calls with a negative time-out (5000) */
    size_t max_result_bytes;  /* largest answer taken, as it comes from the store (8 MiB) */
    roster_store_log_fn *log; /* takes lines for the log, or NULL */
    void *log_arg;            /* its last argument */

    uint32_t history;     /* memory, SQLite: revisions kept for watches (4096) */
    int poll_interval_ms; /* SQLite: how often a waiting watch looks at the file (50); while
                               nothing changes, up to five times as long passes */
    bool must_exist;      /* SQLite: do not create the file */

    int attempt_timeout_ms;    /* etcd: for one endpoint, then the next is tried (2000) */
    int connect_timeout_ms;    /* etcd: for TCP and TLS with one endpoint (1000) */
    int backoff_min_ms;        /* etcd: first pause of a failed endpoint (50) */
    int backoff_max_ms;        /* etcd: longest pause of a failed endpoint (5000) */
    int watch_check_ms;        /* etcd: how often a silent watch is compared with a read (10000) */
    const char *user;          /* etcd: user, needs a password too */
    const char *password;      /* etcd: the user's password */
    const char *tls_ca_file;   /* etcd: PEM file of the only authorities trusted, read
                                      for each new connection (the system's) */
    const char *tls_cert_file; /* etcd: PEM file of our certificate, needs a key too */
    const char *tls_key_file;  /* etcd: PEM file of our certificate's key */
};

#define ROSTER_STORE_OPTIONS_INIT ROSTER_SIZED(struct roster_store_options)

/*
 * Opens a store.
 *
 * `url` is one of
 *
 *     - `memory`: a new, empty store inside this process;
 *     - `sqlite:PATH`: a file, created when missing. Its directory must be on a
 *     local file system; every process that opens it must run on the same kernel;
 *     - `etcd:URL,URL,...`: the client URLs of an etcd cluster's members, each
 *     `http://host:port` or `https://host:port`.
 *
 * `options`: how, or NULL for all defaults; `store`: receives the handle, or NULL on error;
 * `error`: receives on error what is wrong with which argument and what to do, on success an empty
 * string (may be NULL); `error_size`: bytes at `error` (ROSTER_STORE_ERROR_SIZE is enough).
 *
 * etcd is not contacted: a server may start before its store, and then sees -EHOSTUNREACH from
 * the calls. An SQLite file is opened, and created, at once.
 *
 * If descriptors 0 to 2 of the process are closed, they are first opened as /dev/null: otherwise
 * any output of the process could reach the store.
 *
 * Returns 0 when opened; -EINVAL when the URL or an option is not usable; -E2BIG for larger options
 * with something unknown in them; -ENOTSUP when this library was built without SQLite or etcd
 * support (SQLite: /proc, which distinguishes boots, cannot be read, the kernel refuses statfs(),
 * which distinguishes network file systems, or SQLite was built, or configured by the program, for
 * one thread only; etcd: libcurl was built without TLS); -ENOENT when the SQLite file (with
 * must_exist) or its directory does not exist; -EACCES, -EROFS, -ENOLCK, -ENOSPC, -EUCLEAN,
 * -EMEDIUMTYPE and -EIO for an SQLite file, see the table; -EKEYREJECTED when a TLS file cannot be
 * read; -ENOMEM.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_open(const char *url,
                                                   const struct roster_store_options *options,
                                                   struct roster_store **store, char *error,
                                                   size_t error_size);

/*
 * Closes a store; NULL is ignored.
 *
 * No other call on the store may be running or come later, and its watches must be closed.
 * Leases are left alone: revoke them before, or let them expire.
 */
ROSTER_API void roster_store_close(struct roster_store *store);

/* Returns the URL that the store was opened with; valid until it is closed. NULL for NULL. */
ROSTER_API const char *roster_store_url(const struct roster_store *store);

/*
 * Accepts that the handle's store was replaced.
 *
 * A handle remembers which store it first talked to: the identity of an SQLite file, the cluster of
 * etcd, and how far its revision had come. When the file was deleted or replaced, or its -wal or
 * -shm while in use, or the cluster was rebuilt or restored from a backup, revisions, leases and
 * values known from before mean nothing, and every call returns -EREMCHG without touching the new
 * one (an etcd call that is the first to notice was answered by the new cluster). After this call
 * the handle works on the new store. The caller must drop all revisions and leases.
 *
 * Returns 0 when the next call decides which store it is from now on (a missing SQLite file has
 * been created again); -EINVAL for NULL; -ECHILD in a forked child; SQLite: as roster_store_open(),
 * -E2BIG, -ENOTSUP and -EKEYREJECTED excepted (the handle is as before).
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_rebind(struct roster_store *store);

/* Frees a result of any function of this header; NULL is ignored. */
ROSTER_API void roster_store_free(const void *result);

/* ---------------------------------------------------------------------------- reading */

/* Which keys are meant. */
struct roster_store_keys {
    struct roster_store_bytes key; /* the key, not empty; or the prefix, empty means all */
    bool prefix;                   /* all keys that begin with `key`, instead of that one key */
    /*
     * With prefix, and for reading only: just the keys behind this one, which begins with the
     * prefix too; empty means from the first. Serves to read page by page.
     */
    struct roster_store_bytes after;
};

/* A key with all that the store knows of it. */
struct roster_store_kv {
    struct roster_store_bytes key;
    struct roster_store_bytes value;
    int64_t create_revision; /* of the transaction that created the key */
    int64_t mod_revision;    /* of the transaction that changed the key last */
    int64_t version;         /* changes since its creation, which is 1 */
    int64_t lease;           /* lease that the key hangs on, 0 for none */
};

/* Keys that were read, in ascending order of their bytes. */
struct roster_store_range {
    int64_t revision; /* of the store when it was read: a state that really was */
    bool more;        /* keys were left out because of the limit */
    size_t count;
    const struct roster_store_kv *kvs;
};

/*
 * Reads keys: all at one revision, linearizable (what was written before the call, by anyone
 * anywhere, is seen). Keys whose lease has run out are not returned.
 *
 * `keys`: which ones; `limit`: at most this many, 0 for all (pages read one after the other may be
 * of different revisions); `timeout_ms`: see above; `range`: receives the result, or NULL on error
 * (give it to roster_store_free()).
 *
 * Returns 0 also when there are none; -EMSGSIZE when the answer is larger than max_result_bytes:
 * set a limit; and -EINVAL and the table above, -EINPROGRESS, -EKEYEXPIRED and -EMEDIUMTYPE
 * excepted; -ECHILD in a forked child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_get(struct roster_store *store,
                                                  const struct roster_store_keys *keys,
                                                  uint32_t limit, int timeout_ms,
                                                  struct roster_store_range **range);

/* ---------------------------------------------------------------------------- transactions */

/* What of a key is compared. All but the value are 0 for a key that does not exist. */
enum roster_store_target {
    ROSTER_STORE_VALUE, /* bytewise; of a key that does not exist every compare fails */
    ROSTER_STORE_VERSION,
    ROSTER_STORE_CREATE_REVISION,
    ROSTER_STORE_MOD_REVISION,
    ROSTER_STORE_LEASE
};

/* One more than the greatest of these numbers. */
#define ROSTER_STORE_TARGETS 5

/* How it is compared with what is expected. */
enum roster_store_relation {
    ROSTER_STORE_EQUAL,
    ROSTER_STORE_NOT_EQUAL,
    ROSTER_STORE_LESS,   /* the key's is less than the expected */
    ROSTER_STORE_GREATER /* the key's is greater than the expected */
};

/* One more than the greatest of these numbers. */
#define ROSTER_STORE_RELATIONS 4

/* One condition of a transaction. */
struct roster_store_compare {
    struct roster_store_bytes key;
    enum roster_store_target target;
    enum roster_store_relation relation;
    struct roster_store_bytes value; /* expected, when the target is the value */
    int64_t number;                  /* expected, when it is anything else; not negative */
};

/* The type of an operation. */
enum roster_store_op_type { ROSTER_STORE_PUT, ROSTER_STORE_DELETE, ROSTER_STORE_GET };

/* One operation of a transaction. */
struct roster_store_op {
    enum roster_store_op_type type;
    struct roster_store_keys keys;   /* put: a single key */
    struct roster_store_bytes value; /* put: the value, may be empty */
    int64_t lease;                   /* put: lease to hang the key on; 0 takes it off any */
    uint32_t limit;                  /* get: as in roster_store_get() */
};

/* A transaction: if all compares hold then one list of operations, otherwise the other. */
struct roster_store_txn {
    const struct roster_store_compare *compares;
    size_t n_compares; /* none: they hold */
    const struct roster_store_op *success;
    size_t n_success;
    const struct roster_store_op *failure;
    size_t n_failure;
};

/* What one operation did. */
struct roster_store_op_result {
    enum roster_store_op_type type;
    int64_t deleted;                 /* delete: how many keys */
    struct roster_store_range range; /* get: what was read */
};

/* What a transaction did. */
struct roster_store_txn_result {
    int64_t revision; /* of the store after it; its own if it changed something */
    bool succeeded;   /* all compares held */
    size_t count;     /* one for each operation of the list that was carried out */
    const struct roster_store_op_result *results;
};

/*
 * Compares and changes keys in one step that is atomic, isolated and, when it returns 0,
 * durable.
 *
 * The operations are carried out in their order, each sees what those before it did, and all
 * changes have the same revision. One list may not put a key twice, nor both put and delete it.
 *
 * `txn`: what to do; `timeout_ms`: see above; `result`: receives the result, or NULL on error (give
 * it to roster_store_free(); may be NULL if it is not wanted, but then a failed compare goes
 * unnoticed).
 *
 * After -EINPROGRESS, read: the transaction may also still be carried out later, so only a compare
 * that it would have broken (the mod revision of a key it writes) proves that it will not be.
 *
 * Returns 0 when carried out (`succeeded` says which list); -EKEYEXPIRED when a put names a lease
 * that is gone (nothing was changed); -EMSGSIZE for more than ROSTER_STORE_MAX_REQUEST bytes, or
 * when the answer is larger than max_result_bytes (for etcd and a list that changes something, that
 * is -EINPROGRESS); and -EINVAL and the table above, -EMEDIUMTYPE excepted; -ECHILD in a forked
 * child.
 */
ROSTER_API ROSTER_MUST_CHECK int roster_store_txn(struct roster_store *store,
                                                  const struct roster_store_txn *txn,
                                                  int timeout_ms,
                                                  struct roster_store_txn_result **result);

/* ---------------------------------------------------------------------------- counters */

/* What a handle has done since it was opened. */
struct roster_store_stats {
    size_t size;                /* sizeof(struct roster_store_stats), set by the caller */
    uint64_t calls;             /* get, transaction and lease calls */
    uint64_t failures;          /* of them ended with an error */
    uint64_t unknown;           /* of them with -EINPROGRESS */
    uint64_t requests;          /* etcd: HTTP requests, those of watches included */
    uint64_t retries;           /* attempts after a call's first */
    uint64_t endpoint_failures; /* etcd: times an endpoint was put aside */
    uint64_t authentications;   /* etcd: tokens obtained */
    uint64_t watch_restarts;    /* etcd: streams opened again */
    uint64_t watch_snapshots;   /* snapshots delivered because history was lost */
    uint64_t leases_expired;    /* memory, SQLite: expired by this handle */
};

/*
 * Reads the counters; each is exact, together they are not of one instant.
 *
 * Returns 0 when filled in as far as `size` goes; -ECHILD in a forked child; -EINVAL for NULL or a
 * struct smaller than the first version's; -E2BIG for a larger one with something unknown in it.
 */
ROSTER_API int roster_store_stats(const struct roster_store *store,
                                  struct roster_store_stats *stats);

/* ---------------------------------------------------------------------------- shorthands */

/* Returns the byte string of a text, without its final zero. */
static inline struct roster_store_bytes roster_store_text(const char *text)
{
    struct roster_store_bytes bytes = {text, 0};

    while (text[bytes.size] != '\0')
        bytes.size++;
    return bytes;
}

/* Returns one key, as keys. */
static inline struct roster_store_keys roster_store_key(struct roster_store_bytes key)
{
    struct roster_store_keys keys = {key, false, {ROSTER_NULL, 0}};

    return keys;
}

/* Returns all keys that begin with a prefix. */
static inline struct roster_store_keys roster_store_prefix(struct roster_store_bytes prefix)
{
    struct roster_store_keys keys = {prefix, true, {ROSTER_NULL, 0}};

    return keys;
}

/* Returns the condition that a number of a key (see the targets) has this relation to `number`. */
static inline struct roster_store_compare roster_store_if(struct roster_store_bytes key,
                                                          enum roster_store_target target,
                                                          enum roster_store_relation relation,
                                                          int64_t number)
{
    struct roster_store_compare compare = {key, target, relation, {ROSTER_NULL, 0}, number};

    return compare;
}

/* Returns the condition that a key does not exist. */
static inline struct roster_store_compare roster_store_if_absent(struct roster_store_bytes key)
{
    return roster_store_if(key, ROSTER_STORE_VERSION, ROSTER_STORE_EQUAL, 0);
}

/* Returns the condition that a key exists and has this value. */
static inline struct roster_store_compare roster_store_if_value(struct roster_store_bytes key,
                                                                struct roster_store_bytes value)
{
    struct roster_store_compare compare = {key, ROSTER_STORE_VALUE, ROSTER_STORE_EQUAL, value, 0};

    return compare;
}

/* Returns the operation that puts a key, under a lease unless that is 0. */
static inline struct roster_store_op
roster_store_put(struct roster_store_bytes key, struct roster_store_bytes value, int64_t lease)
{
    struct roster_store_op op = {ROSTER_STORE_PUT, {key, false, {ROSTER_NULL, 0}}, value, lease, 0};

    return op;
}

/* Returns the operation that deletes keys. */
static inline struct roster_store_op roster_store_delete(struct roster_store_keys keys)
{
    struct roster_store_op op = {ROSTER_STORE_DELETE, keys, {ROSTER_NULL, 0}, 0, 0};

    return op;
}

/* Returns the operation that reads keys. */
static inline struct roster_store_op roster_store_read(struct roster_store_keys keys,
                                                       uint32_t limit)
{
    struct roster_store_op op = {ROSTER_STORE_GET, keys, {ROSTER_NULL, 0}, 0, limit};

    return op;
}

ROSTER_END_DECLS

#endif
