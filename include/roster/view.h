/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Looks: copies of a session's state at one instant, and the read lock that they need.
 */
#ifndef ROSTER_VIEW_H
#define ROSTER_VIEW_H

#include <roster/export.h>
#include <roster/session.h>
#include <stddef.h>
#include <stdint.h>

ROSTER_BEGIN_DECLS

/* invalid -> pending -> valid -> invalid */
enum roster_txn_state {
    ROSTER_TXN_INVALID = 0, /* no transaction */
    ROSTER_TXN_PENDING = 1, /* its start timestamp has been asked for */
    ROSTER_TXN_VALID = 2,   /* its start timestamp is known */
};

/* One more than the greatest of these numbers. */
#define ROSTER_TXN_STATES 3

/* What the owner is doing. */
enum roster_run_state {
    ROSTER_RUN_IDLE = 0,
    ROSTER_RUN_RUNNING = 1,
    ROSTER_RUN_LOCK_WAITING = 2,
    ROSTER_RUN_COMMITTING = 3,
    ROSTER_RUN_ROLLING_BACK = 4,
};

/* One more than the greatest of these numbers. */
#define ROSTER_RUN_STATES 5

/* What is being executed. The numbers are those of the MySQL protocol, from 64 on our own. */
enum roster_command {
    ROSTER_COMMAND_SLEEP = 0,
    ROSTER_COMMAND_QUIT = 1,
    ROSTER_COMMAND_INIT_DB = 2,
    ROSTER_COMMAND_QUERY = 3,
    ROSTER_COMMAND_FIELD_LIST = 4,
    ROSTER_COMMAND_STATISTICS = 9,
    ROSTER_COMMAND_KILL = 12,
    ROSTER_COMMAND_PING = 14,
    ROSTER_COMMAND_CHANGE_USER = 17,
    ROSTER_COMMAND_PREPARE = 22,
    ROSTER_COMMAND_EXECUTE = 23,
    ROSTER_COMMAND_LONG_DATA = 24,
    ROSTER_COMMAND_CLOSE_STMT = 25,
    ROSTER_COMMAND_RESET_STMT = 26,
    ROSTER_COMMAND_FETCH = 28,
    ROSTER_COMMAND_OTHER = 64,
};

/* One more than the greatest of these numbers. */
#define ROSTER_COMMANDS 65

/* The name of a command as process lists show it ("Query"); "Other" for an unknown number. */
ROSTER_API const char *roster_command_name(uint32_t command);

/* The name of a running state ("Idle", "Running", "LockWaiting", "Committing", "RollingBack"). */
ROSTER_API const char *roster_run_state_name(enum roster_run_state state);

/* The name of a transaction state ("invalid", "pending", "valid"). */
ROSTER_API const char *roster_txn_state_name(enum roster_txn_state state);

/* A copy of a statement as it was when it began. */
struct roster_statement {
    uint64_t seq;              /* the session's first statement is 1 */
    uint64_t since;            /* when it began: CLOCK_MONOTONIC, ns, see state_since below */
    const char *text;          /* ends with a NUL that is not counted; never NULL */
    const char *digest;        /* NULL when there is none, or no room for it */
    uint32_t command;          /* enum roster_command */
    uint32_t text_length;      /* bytes in `text` */
    uint32_t text_full_length; /* its bytes before the cut at text_limit or at the end of the
                                  caller's room */
    uint32_t digest_length;
};

/* A session's identity. Immutable, and invalid after the unlock; read it through the functions
 * below. */
struct roster_identity;

/* Each returns NULL when it is not known. Under the read lock. */
ROSTER_API const char *roster_identity_user(const struct roster_identity *identity);
ROSTER_API const char *roster_identity_host(const struct roster_identity *identity);
ROSTER_API const char *roster_identity_database(const struct roster_identity *identity);
ROSTER_API const char *roster_identity_application(const struct roster_identity *identity);
ROSTER_API const char *roster_identity_attributes(const struct roster_identity *identity);

/*
 * A session's state at one instant, 64 bytes. Facts taken from one look are of the same instant
 * (G1). The owner reuses the memory behind it at once, so a look is a copy, valid for as long as
 * its function states; do not keep the pointer. To keep the facts, copy the struct, except
 * `identity` and `statement`, whose targets are only valid as long as the look; roster_look()
 * copies everything.
 *
 * The "since" members are CLOCK_MONOTONIC nanoseconds of the roster's coarse clock: at most one
 * tick (10 ms by default) before the true time. A view may have been built before its session
 * became idle, so for ROSTER_RUN_IDLE use roster_session_since().
 */
struct roster_shown {
    uint64_t start_ts;    /* 0 unless txn_state is ROSTER_TXN_VALID */
    uint64_t state_since; /* when run_state was entered */
    const struct roster_identity *identity;
    uint32_t schema_version; /* of the schema that the transaction sees */
    uint8_t txn_state;       /* enum roster_txn_state */
    uint8_t run_state;       /* enum roster_run_state */
    uint16_t reserved;
    const struct roster_statement *statement; /* NULL between statements */
    uint64_t life;                            /* private */
    uint64_t entries;                         /* entries that the transaction has written so far */
    uint64_t entry_bytes;                     /* their size */
#if UINTPTR_MAX < UINT64_MAX
    uint64_t padding; /* where the two pointers are shorter */
#endif
};

/* Room for a look and its statement. */
struct roster_copy {
    struct roster_shown shown;
    struct roster_statement statement;
    const void *place; /* private */
};

/*
 * Enters the read side of a roster: liburcu's read lock. Any thread; may be nested; wait-free,
 * except for a thread's first call. Sessions found inside, and their identities, stay readable
 * until the matching unlock (G4). Owners never wait for readers, however long these stay; only the
 * memory of closed sessions, replaced identities and pins (options.backlog_limit) and
 * roster_destroy() wait for them.
 *
 * Returns 0; -EINVAL for NULL; -ECHILD.
 * After an error the lock is not held.
 */
ROSTER_API int roster_read_lock(struct roster *roster) ROSTER_MUST_CHECK;

/* Leaves the read side: undoes one successful roster_read_lock() of this thread. Wait-free. */
ROSTER_API void roster_read_unlock(struct roster *roster);

/*
 * Finds an open session by its id; NULL when there is none. Under the read lock, and the result is
 * valid until the unlock.
 */
ROSTER_API const struct roster_session *roster_lookup(struct roster *roster, uint64_t id);

/*
 * Looks at a session: copies its current state into `*copy`, and its statement's text and digest
 * into the `size` bytes at `text`, cutting text that does not fit. `text` may be NULL and `size` 0
 * for none; `session` and `copy` must not be NULL. Under the read lock, or by the owner. Guarantee
 * G1.
 *
 * Repeats the look while the owner publishes something else, which never delays the owner;
 * roster_stats() counts this.
 *
 * Returns the look, never NULL: valid until the read lock is left or `*copy` is reused, whichever
 * is first; for the owner until its next call on the session.
 */
ROSTER_API const struct roster_shown *roster_session_look(const struct roster_session *session,
                                                          struct roster_copy *copy, char *text,
                                                          size_t size);

/*
 * Copies the statement that ended last in the transaction of `shown`, from a look or a walk, into
 * `*last`, and its text and digest into the `size` bytes at `text`, cutting text that does not fit.
 * `text` may be NULL and `size` 0 for none. `shown` must be the result of the look, not a copy of
 * the struct. Under the read lock or by the owner.
 *
 * Returns `last`, valid until `text` is used again. NULL without ROSTER_SESSION_LAST_STATEMENT;
 * when `shown` has no transaction, has a running statement, or no statement has ended yet; and when
 * `shown` is outdated, because the owner has published something else since.
 */
ROSTER_API const struct roster_statement *
roster_session_last_statement(const struct roster_session *session,
                              const struct roster_shown *shown, struct roster_statement *last,
                              char *text, size_t size);

/*
 * The time at which the session entered the running state in `shown`: CLOCK_MONOTONIC nanoseconds.
 * Differs from shown->state_since only for idle sessions. Under the read lock or by the owner. The
 * value is not part of the copy, so right after a change of state it may be one state ahead.
 */
ROSTER_API uint64_t roster_session_since(const struct roster_session *session,
                                         const struct roster_shown *shown);

/*
 * The time at which the transaction in `shown` was opened: CLOCK_MONOTONIC nanoseconds of the
 * roster's coarse clock, also for a transaction at a chosen timestamp. A step of the wall clock,
 * which timestamps follow, does not change a transaction's age. `shown` may be a kept copy. Under
 * the read lock or by the owner.
 *
 * 0 when `shown` has no valid transaction, when that has ended since, and for sessions with
 * ROSTER_SESSION_NON_PINNING, whose transactions only have a start timestamp. If the session's next
 * transaction has the same timestamp, the result may be the time of that one.
 */
ROSTER_API uint64_t roster_txn_since(const struct roster_session *session,
                                     const struct roster_shown *shown);

/*
 * The number of the transaction in `shown`, from a look or a walk, for roster_kill_txn(). It does
 * not change from roster_txn_prepare() or _begin() to roster_txn_finish(). No other transaction has
 * it before the same slot was used 2^42 times more: 12 hours of a thread that does nothing but
 * begin and finish, at 10 ns each. `shown` must be the result of the look, not a copy of the
 * struct. Under the read lock or by the owner.
 *
 * 0 when `shown` has no transaction, or is outdated, because the owner has published something else
 * since.
 */
ROSTER_API uint64_t roster_txn_seq(const struct roster_session *session,
                                   const struct roster_shown *shown);

ROSTER_END_DECLS

#include <roster/inline.h>

#endif /* ROSTER_VIEW_H */
