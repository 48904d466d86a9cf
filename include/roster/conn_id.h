/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Connection ids that say which server of a cluster a connection belongs to, in 32 bits while
 * those last and in 64 bits when they do not (the layouts of TiDB's global connection ids).
 *
 *     32 bits:                           server (11) | local (20) | 0
 *     64 bits:             0 | server (22)   | local (40)         | 1
 *
 * The lowest bit is the width. 0 is never an id.
 */
#ifndef ROSTER_CONN_ID_H
#define ROSTER_CONN_ID_H

#include <roster/export.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

struct roster;

#define ROSTER_CONN_SERVER_32_MAX ((UINT32_C(1) << 11) - 1)
#define ROSTER_CONN_LOCAL_32_MAX ((UINT64_C(1) << 20) - 1)
#define ROSTER_CONN_SERVER_64_MAX ((UINT32_C(1) << 22) - 1)
#define ROSTER_CONN_LOCAL_64_MAX ((UINT64_C(1) << 40) - 1)

/* Number of local ids at the top of the 64-bit layout are given out by number only: for sessions of
 * the server's own whose id has to be known in advance. */
#define ROSTER_CONN_RESERVED 200

/* A connection id taken apart. */
struct roster_conn_id {
    uint64_t local;
    uint32_t server;
    uint32_t width; /* 32 or 64 */
};

/*
 * Puts a connection id together. Any thread.
 *
 * Returns 0 and stores it in `*id`; -EINVAL for NULL, a width that is neither 32 nor 64, a server
 * or a local part that the width has no room for, a local part of 0, or server 0 with 64 bits,
 * which would look like half an id.
 */
ROSTER_API int roster_conn_id_compose(const struct roster_conn_id *parts,
                                      uint64_t *id) ROSTER_MUST_CHECK;

/*
 * Takes apart a connection id that came from a client, for instance with KILL. Any thread.
 *
 * Returns 0 and fills `*parts`; -EOVERFLOW when bit 63 is set; -EMSGSIZE when it is the low half of
 * a 64-bit id, as a client that knows 32 bits only sends it: ask for the whole id; -EBADMSG when
 * it is marked as a 32-bit id but longer than that; -EINVAL for NULL or a local part of 0, which
 * 0 itself has. After an error `*parts` is unchanged.
 */
ROSTER_API int roster_conn_id_parse(uint64_t id, struct roster_conn_id *parts) ROSTER_MUST_CHECK;

/* Gives out the connection ids of one server. */
struct roster_conn_ids;

/* Options of an allocator. Begin with ROSTER_CONN_IDS_OPTIONS_INIT; a member that is 0 has its
 * default. */
struct roster_conn_ids_options {
    size_t size;             /* sizeof(struct roster_conn_ids_options) */
    struct roster *roster;   /* whose sessions bear the ids; may be NULL. 2^40 ids later, those
                                that are still borne are left out */
    uint32_t server;         /* default: 1; at most ROSTER_CONN_SERVER_64_MAX; above
                                ROSTER_CONN_SERVER_32_MAX all ids have 64 bits */
    uint32_t local_ids;      /* 32-bit local ids in use at once; default and most:
                                ROSTER_CONN_LOCAL_32_MAX */
    uint32_t narrow_percent; /* after having widened, 32-bit ids are given out again once this share
                                of 100 are free; default: 50; at most 100 */
    uint32_t reserved;       /* 0 */
};

#define ROSTER_CONN_IDS_OPTIONS_INIT ROSTER_SIZED(struct roster_conn_ids_options)

/*
 * Creates an allocator. `options` may be NULL: all defaults. Any thread. Memory grows
 * with use up to 20 bytes a 32-bit local id.
 *
 * Returns 0 and stores it in `*ids`; -EINVAL for a NULL pointer, a struct smaller than the first
 * version's, or a member out of range; -E2BIG for a larger struct with something unknown in it;
 * -ENOMEM; -EBUSY, -EAGAIN and -EPERM as roster_create().
 */
ROSTER_API int roster_conn_ids_create(const struct roster_conn_ids_options *options,
                                      struct roster_conn_ids **ids) ROSTER_MUST_CHECK;

/*
 * Destroys an allocator that is no longer in use; ids may still be out. Waits for the grace
 * periods under way. Any thread, but not under a read lock. NULL is allowed and does nothing.
 * Returns 0; the allocator as before after -EBUSY inside a read-side section, -EPERM and -ENOMEM,
 * as roster_destroy(); -ECHILD.
 */
ROSTER_API int roster_conn_ids_destroy(struct roster_conn_ids *ids);

/*
 * Gives out a connection id, to be handed to roster_session_open() in attr.id. 32-bit ids are
 * reused in the order in which they were released, so an id rests as long as possible. When they
 * have run out, 64-bit ids are given out until narrow_percent of the 32-bit ones are free again;
 * ids that are out stay as they are. Any thread; lock-free.
 *
 * Returns 0 and stores it in `*id`; -EINVAL for NULL; -ECHILD.
 */
ROSTER_API int roster_conn_ids_next(struct roster_conn_ids *ids, uint64_t *id) ROSTER_MUST_CHECK;

/*
 * Takes an id back. Call it after roster_session_close(), once for each id: it is given out again
 * only after a grace period, when no reader can still mean its former bearer by it. Never
 * allocates, never blocks. Any thread; lock-free.
 *
 * Returns 0; -EALREADY for a 32-bit id that is not out, and for a 64-bit id while none is; -EINVAL
 * for NULL or an id that this allocator never gives out; what roster_conn_id_parse() returns;
 * -ECHILD.
 */
ROSTER_API int roster_conn_ids_release(struct roster_conn_ids *ids, uint64_t id);

/*
 * The n-th reserved id of this server, n < ROSTER_CONN_RESERVED: always the same for the same
 * server, always 64 bits wide, and never given out by roster_conn_ids_next(). It is not released.
 * Returns 0 and stores it in `*id`; -EINVAL for NULL or a larger n; -ECHILD.
 */
ROSTER_API int roster_conn_ids_reserved(struct roster_conn_ids *ids, uint32_t n,
                                        uint64_t *id) ROSTER_MUST_CHECK;

/*
 * Changes the server part of the ids given out from now on. Any thread.
 * Returns 0; -EINVAL for NULL, server 0, or one above ROSTER_CONN_SERVER_64_MAX;
 * -ECHILD.
 */
ROSTER_API int roster_conn_ids_set_server(struct roster_conn_ids *ids, uint32_t server);

/* The result of roster_conn_ids_stats(). */
struct roster_conn_ids_stats {
    size_t size;         /* sizeof(struct roster_conn_ids_stats), set by the caller */
    uint64_t local_ids;  /* 32-bit local ids there are */
    uint64_t used_32;    /* of them out now, or waiting for their grace period */
    uint64_t open_64;    /* 64-bit ids out now */
    uint64_t wide;       /* 1 while 64-bit ids are given out */
    uint64_t widenings;  /* how often the 32-bit ids ran out */
    uint64_t resting_32; /* of used_32, those that wait for their grace period; 0 at rest */
    uint64_t memory;     /* bytes that it takes, within a page for each of two arrays */
};

/*
 * Fills `*stats`. Any thread. Returns 0; -EINVAL for NULL or a size below the first version's;
 * -E2BIG for a larger one with something unknown in it; -ECHILD.
 */
ROSTER_API int roster_conn_ids_stats(struct roster_conn_ids *ids,
                                     struct roster_conn_ids_stats *stats);

ROSTER_END_DECLS

#endif /* ROSTER_CONN_ID_H */
