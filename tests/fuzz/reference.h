/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What a roster is, as simply as it can be said: arrays under one mutex. Written from the headers.
 * Every function returns what the library's function of that name has to return.
 */
#pragma once

#include <pthread.h>
#include <roster/roster.h>
#include <stdbool.h>

#define REF_SESSIONS 4
#define REF_PINS 4

struct ref_session {
    bool open;
    uint64_t id;
    uint64_t seq;
    bool in_stmt;
    uint32_t text_length;
    enum roster_txn_state txn;
    uint64_t pinned; /* the start timestamp, or what a pending transaction has announced */
    uint64_t entries;
    int stmt_killed; /* of the running statement */
    int conn_killed;
};

struct ref_pin {
    bool held;
    uint64_t ts;
    uint64_t session_id; /* 0: of none, or of one that was closed */
};

struct reference {
    pthread_mutex_t lock;
    uint64_t now; /* the oracle's newest timestamp */
    uint64_t life_time_ms;
    uint64_t floor;
    uint64_t safe_point;
    uint64_t protected_from;
    uint64_t last_seq; /* of the statements of all sessions that were closed */
    struct ref_session sessions[REF_SESSIONS];
    struct ref_pin pins[REF_PINS];
};

void ref_init(struct reference *ref, uint64_t now, uint64_t life_time_ms);

void ref_open(struct reference *ref, unsigned s, uint64_t id);
int ref_close(struct reference *ref, unsigned s);
int ref_stmt_begin(struct reference *ref, unsigned s, uint32_t text_length);
int ref_stmt_end(struct reference *ref, unsigned s);
int ref_prepare(struct reference *ref, unsigned s);
int ref_activate(struct reference *ref, unsigned s, uint64_t ts);
int ref_begin(struct reference *ref, unsigned s, uint64_t ts);
int ref_begin_at(struct reference *ref, unsigned s, uint64_t ts);
int ref_progress(struct reference *ref, unsigned s, uint64_t entries);
int ref_finish(struct reference *ref, unsigned s);
int ref_check(struct reference *ref, unsigned s);
int ref_killed(struct reference *ref, unsigned s);
int ref_kill(struct reference *ref, unsigned s, enum roster_kill_target target, uint64_t seq,
             enum roster_kill_reason reason);

int ref_pin_acquire(struct reference *ref, unsigned p, uint64_t ts, uint64_t now,
                    uint64_t session_id);
void ref_pin_release(struct reference *ref, unsigned p);
int ref_pin_check(struct reference *ref, unsigned p);

/* Fills now, min_start_ts, safe_point, expired, and the holder's and the next one's ts, the latter
 * for a holder that is of this session. */
int ref_min(struct reference *ref, uint64_t now, uint64_t lower, uint64_t holder_session,
            uint64_t holder_pin, struct roster_min *min);
