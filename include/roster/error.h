/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the error numbers mean that Roster's functions return.
 */
#ifndef ROSTER_ERROR_H
#define ROSTER_ERROR_H

#include <roster/export.h>

ROSTER_BEGIN_DECLS

/*
 * Explains the result of a function that concerns rosters, sessions or the status endpoint: what
 * happened and what to do about it. An errno has one meaning there.
 *
 * `err`: 0 or the negative errno that the function returned. Of a function whose header mentions
 * errors of the oracle or of the store, roster_store_strerror() explains it.
 * Returns a constant string, never NULL, valid for the life of the program. Numbers that no
 * function of Roster returns, positive ones included, are explained as such.
 *
 * May be called from any thread and from a signal handler.
 */
ROSTER_API const char *roster_strerror(int err);

/*
 * As roster_strerror(), for the functions of stores and of what rests on them: oracles, syncers,
 * safe points, barriers; and for functions of a roster that ask such an oracle, or report a lower
 * minimum to a store, such as roster_txn_begin(). None of these returns a number with two meanings:
 * what a store says of a lock, for instance, is -ENOLCK, as -EBUSY is about transactions. Never
 * NULL. May be called from any thread and from a signal handler.
 */
ROSTER_API const char *roster_store_strerror(int err);

/* Kinds of errors, by who has to do something about them: fewer than there are numbers, so that
 * counts of each fit into metrics. */
enum roster_error_class {
    ROSTER_ERROR_UNREACHABLE = 0, /* the store does not answer, or not in time */
    ROSTER_ERROR_UNKNOWN = 1,     /* whether the store was changed is unknown */
    ROSTER_ERROR_DENIED = 2,      /* user, role, certificate, file permission, or the kernel */
    ROSTER_ERROR_FULL = 3,        /* disk, quota, memory, threads or descriptors are out */
    ROSTER_ERROR_DAMAGED = 4, /* the store or its disk is damaged, or it is foreign or replaced */
    ROSTER_ERROR_LEASE = 5,   /* the lease is gone, or another server has the id */
    ROSTER_ERROR_CONTENTION = 6, /* others were faster, or held a lock for too long */
    ROSTER_ERROR_ORACLE = 7,     /* no timestamp, one that is behind, or one too far ahead */
    ROSTER_ERROR_OTHER = 8,      /* every other number */
};

/* How many classes there are, and how many the structs that count them have room for. */
#define ROSTER_ERROR_CLASSES 9
#define ROSTER_ERROR_CLASSES_ROOM 16

/*
 * The class of an error.
 *
 * `err`: the negative errno that a function of Roster returned.
 * Returns its class; ROSTER_ERROR_OTHER for numbers that none returns.
 *
 * May be called from any thread and from a signal handler.
 */
ROSTER_API enum roster_error_class roster_error_class(int err);

/*
 * The name of a class, in lower case: "unreachable", "denied".
 *
 * Returns a constant string, never NULL; "other" for a number that is no class.
 *
 * May be called from any thread and from a signal handler.
 */
ROSTER_API const char *roster_error_class_name(enum roster_error_class error_class);

ROSTER_END_DECLS

#endif
