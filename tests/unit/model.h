/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A reference model of one session in one roster: what each call returns and what the view shows
 * after it, written from the headers alone. It keeps facts, not views.
 */
#pragma once

#include <roster/roster.h>
#include <stdbool.h>

enum model_op {
    OP_STMT_BEGIN,
    OP_STMT_END,
    OP_PREPARE,
    OP_ACTIVATE,
    OP_BEGIN,
    OP_BEGIN_AT, /* at the oldest timestamp that is still protected */
    OP_WAIT,     /* set_state(lock waiting) */
    OP_COMMIT,   /* set_state(committing) */
    OP_PROGRESS,
    OP_UPDATE,
    OP_FINISH,
    OP_KILL_STMT, /* whichever runs */
    OP_KILL_CONN,
    OP_EXPIRE, /* a scan whose lower limit is the transaction's timestamp */
    OP_CLOSE,
    /* The ones from here on change nothing of a session. */
    OP_FIRST_PURE,
    OP_ACTIVATE_STALE = OP_FIRST_PURE, /* below what was announced */
    OP_BEGIN_AT_STALE,                 /* just below what is protected */
    OP_CHECK,
    OP_KILLED,
    OP_KILL_STALE, /* the statement before */
    OP_SCAN,
    OPS,
};

extern const char *const model_op_names[OPS];

/* One of the running states and since when. */
struct model_run {
    enum roster_run_state state;
    uint64_t since;
    uint64_t blocked_since;
};

struct model {
    /* The roster. */
    uint64_t clock;          /* coarse, advanced before every call */
    uint64_t oracle_next;    /* the timestamp that the oracle gives next */
    uint64_t floor;          /* the now of the last scan */
    uint64_t safe_point;     /* local */
    uint64_t protected_from; /* the oldest timestamp that is guaranteed */
    /* The session. */
    bool pinning;
    bool closed;
    bool in_stmt;
    unsigned identity; /* how often it was updated */
    uint64_t stmt_seq;
    uint64_t stmt_since;
    int stmt_killed;
    int conn_killed;
    enum roster_txn_state txn;
    uint64_t announced; /* while pending */
    uint64_t start_ts;
    uint64_t entries;
    uint64_t entry_bytes;
    uint32_t schema_version;
    struct model_run run;
    struct model_run outside; /* inside a statement: what it shows without the transaction */
    struct model_run between; /* inside a statement: what the transaction goes back to after it */
};

/* A new session in the roster of `model`. */
void model_open(struct model *model, bool pinning);

/* What the operation returns now; the model is as it will be afterwards. */
int model_apply(struct model *model, enum model_op op);

/* What the operation would return; the model stays. */
int model_result(const struct model *model, enum model_op op);

/* Whether the operation may be done and changes the session. */
bool model_moves(const struct model *model, enum model_op op);

/* What the transaction pins: 0 for nothing. */
uint64_t model_pinned(const struct model *model);

/* The arguments that the operations are called with. */
uint64_t model_begin_at_ts(const struct model *model);
uint64_t model_expire_lower(const struct model *model);
