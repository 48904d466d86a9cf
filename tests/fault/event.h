/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * What a server did, one fixed-size event each, in a file that is mapped into its memory: so it is
 * all there also after the server was killed at any instruction, and noting costs no system call.
 * Times are CLOCK_BOOTTIME in nanoseconds and thus comparable between the servers of a host.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum event_kind {
    EVENT_NONE,        /* not complete: its writer was killed */
    EVENT_TIMESTAMP,   /* ts: from the oracle */
    EVENT_BEGIN,       /* txn, ts: its start timestamp; value: 1 when that was chosen */
    EVENT_READ,        /* txn, ts: its start timestamp; key; value: the version found, or 0 */
    EVENT_CHECK,       /* txn, ts: its start timestamp; error */
    EVENT_FINISH,      /* txn */
    EVENT_MINIMUM,     /* ts: the minimum; value: the oracle's now */
    EVENT_STORED,      /* value, ts: txn and gc safe point as they stand in the store */
    EVENT_KNOWN,       /* value, ts: txn and gc safe point as this server knows them */
    EVENT_WRITE_BEGIN, /* key; ts: of the version that readers may see from now on */
    EVENT_WRITE_END,   /* the same, readers see it */
    EVENT_COLLECT,     /* ts: the gc safe point that was collected up to; value: versions */
    EVENT_STATE,       /* ts, value: the syncer's state before and after; error: the reason */
    EVENT_KINDS
};

struct event {
    _Atomic uint32_t kind; /* written last */
    int32_t error;
    int64_t begin; /* before the call */
    int64_t end;   /* after it */
    uint64_t txn;  /* of this server's life */
    uint64_t ts;
    uint64_t value;
    uint32_t key;
    uint32_t thread;
};

#define LOG_EVENTS (UINT32_C(1) << 20)
#define LOG_ID 64

/* A log: one life of one server. */
struct log_file {
    char id[LOG_ID];
    _Atomic uint32_t count; /* events claimed; may exceed LOG_EVENTS */
    struct event events[LOG_EVENTS];
};
