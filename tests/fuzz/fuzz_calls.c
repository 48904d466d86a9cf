/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The input is a sequence of public calls, two bytes and an argument each, on up to four sessions
 * and four pins of one roster. Each is made of the library and of the reference: what they return,
 * and what all sessions show afterwards, must not differ.
 */
#include "core/scanner/lease.h"
#include "fuzz.h"
#include "reference.h"

#include <errno.h>
#include <string.h>

#define FIRST_NOW (UINT64_C(1000000) << ROSTER_TS_LOGICAL_BITS)

struct pair {
    const uint8_t *data;
    size_t left;
    struct roster *roster;
    struct reference ref;
    struct roster_session *sessions[REF_SESSIONS];
    struct roster_pin *pins[REF_PINS];
};

static int oracle(void *arg, uint64_t *ts)
{
    *ts = ++((struct pair *)arg)->ref.now;
    return 0;
}

static unsigned byte(struct pair *pair)
{
    if (!pair->left)
        return 0;
    pair->left--;
    return *pair->data++;
}

/* A timestamp near one that means something. */
static uint64_t timestamp(struct pair *pair)
{
    unsigned b = byte(pair), which = b % 8;
    const struct reference *ref = &pair->ref;
    uint64_t near[] = {ref->now,
                       ref->protected_from,
                       ref->safe_point,
                       ref->floor,
                       ref->sessions[b / 64].pinned,
                       ref->pins[b / 64].ts,
                       0,
                       ROSTER_TS_MAX};

    return which < 6 ? near[which] + b / 8 % 8 - 3 : near[which];
}

/* The library is asked first, then the reference. */
#define same(what, ours, theirs)                                                                   \
    do {                                                                                           \
        long long our_answer = (long long)(ours), their_answer = (long long)(theirs);              \
                                                                                                   \
        fuzz_require(our_answer == their_answer, "%s: the library says %lld, the reference %lld",  \
                     what, our_answer, their_answer);                                              \
    } while (0)

static int compare(const struct roster_session *session, const struct roster_shown *view, void *arg)
{
    const struct reference *ref = arg;
    const struct ref_session *expected = ref->sessions;

    while (expected < ref->sessions + REF_SESSIONS &&
           !(expected->open && expected->id == roster_session_id(session)))
        expected++;
    fuzz_require(expected < ref->sessions + REF_SESSIONS, "session %llu is not open",
                 (unsigned long long)roster_session_id(session));
    same("state", view->txn_state, expected->txn);
    same("start_ts", view->start_ts, expected->txn == ROSTER_TXN_VALID ? expected->pinned : 0);
    same("entries", view->entries, expected->entries);
    same("statement", view->statement != NULL, expected->in_stmt);
    if (view->statement) {
        same("seq", view->statement->seq, expected->seq);
        same("text", view->statement->text_length, expected->text_length);
    }
    return 0;
}

static void compare_all(struct pair *pair)
{
    struct roster_stats stats = {.size = sizeof(stats)};
    unsigned n, sessions = 0, pins = 0;

    for (n = 0; n < REF_SESSIONS; n++)
        sessions += pair->ref.sessions[n].open;
    for (n = 0; n < REF_PINS; n++)
        pins += pair->ref.pins[n].held;
    same("stats", roster_stats(pair->roster, &stats), 0);
    same("sessions", stats.sessions, sessions);
    same("pins", stats.pins, pins);
    same("safe point", roster_local_safe_point(pair->roster), pair->ref.safe_point);
    same("read_lock", roster_read_lock(pair->roster), 0);
    same("for_each", roster_for_each(pair->roster, compare, &pair->ref), 0);
    roster_read_unlock(pair->roster);
}

static void open_or_close(struct pair *pair, unsigned s)
{
    if (pair->sessions[s]) {
        same("close", roster_session_close(pair->sessions[s]), ref_close(&pair->ref, s));
        pair->sessions[s] = NULL;
        return;
    }
    same("open", roster_session_open(pair->roster, NULL, &pair->sessions[s]), 0);
    ref_open(&pair->ref, s, roster_session_id(pair->sessions[s]));
}

static void call_txn(struct pair *pair, unsigned what, unsigned s)
{
    struct roster_session *session = pair->sessions[s];
    struct reference *ref = &pair->ref;
    uint64_t ts = 0;
    int result;

    switch (what % 6) {
    case 0:
        result = roster_txn_begin(session, &ts);
        same("begin", result, ref_begin(ref, s, ref->now));
        if (!result)
            same("timestamp", ts, ref->now);
        break;
    case 1:
        same("prepare", roster_txn_prepare(session), ref_prepare(ref, s));
        break;
    case 2:
        ts = timestamp(pair);
        same("activate", roster_txn_activate(session, ts), ref_activate(ref, s, ts));
        break;
    case 3:
        ts = timestamp(pair);
        same("begin_at", roster_txn_begin_at(session, ts), ref_begin_at(ref, s, ts));
        break;
    case 4:
        same("finish", roster_txn_finish(session), ref_finish(ref, s));
        break;
    default:
        ts = byte(pair);
        same("progress", roster_txn_set_progress(session, ts, 0, 0), ref_progress(ref, s, ts));
        break;
    }
    same("check", roster_txn_check(session), ref_check(ref, s));
}

static void call_stmt(struct pair *pair, unsigned what, unsigned s)
{
    static const char text[1000];
    struct roster_session *session = pair->sessions[s];
    struct reference *ref = &pair->ref;
    uint32_t length;

    if (what % 2) {
        same("stmt_end", roster_stmt_end(session), ref_stmt_end(ref, s));
    } else {
        length = byte(pair) * 3;
        same("stmt_begin", roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, length, NULL, 0),
             ref_stmt_begin(ref, s, length));
    }
    same("killed", roster_killed(session), ref_killed(ref, s));
}

static void call_kill(struct pair *pair, unsigned s)
{
    struct ref_session *session = &pair->ref.sessions[s];
    unsigned b = byte(pair);
    enum roster_kill_target target =
        b & 1 ? ROSTER_KILL_TARGET_STATEMENT : ROSTER_KILL_TARGET_CONNECTION;
    enum roster_kill_reason reason =
        b & 8 ? ROSTER_KILL_REASON_SHUTDOWN : ROSTER_KILL_REASON_INTERRUPTED;
    uint64_t seq = b & 2 ? ROSTER_STMT_ANY : session->seq + (b >> 2 & 1);

    if (!session->id)
        return;
    same("kill", roster_kill(pair->roster, session->id, target, seq, reason),
         ref_kill(&pair->ref, s, target, seq, reason));
}

static void call_pin(struct pair *pair, unsigned what, unsigned p)
{
    struct reference *ref = &pair->ref;
    unsigned s = what % REF_SESSIONS;
    uint64_t ts;

    if (pair->pins[p]) {
        same("pin_check", roster_pin_check(pair->pins[p]), ref_pin_check(ref, p));
        same("pin_release", roster_pin_release(pair->pins[p]), 0);
        ref_pin_release(ref, p);
        pair->pins[p] = NULL;
        return;
    }
    ts = timestamp(pair);
    same("pin_acquire",
         roster_pin_acquire(pair->roster, pair->sessions[s], ts, ROSTER_PIN_BACKUP, &pair->pins[p]),
         ref_pin_acquire(ref, p, ts, ref->now,
                         pair->sessions[s] ? roster_session_id(pair->sessions[s]) : 0));
    if (pair->pins[p])
        same("pin's timestamp", roster_pin_ts(pair->pins[p]), ref->pins[p].ts);
}

static void call_min(struct pair *pair)
{
    struct roster_min ours = {.size = sizeof(ours)}, theirs = ours;
    uint64_t lower = byte(pair) & 1 ? timestamp(pair) : 0;
    unsigned p, pin = 0;
    int result =
        rst_lease_scan(pair->roster, 0, lower < UINT64_MAX ? lower + 1 : lower, false, &ours);

    for (p = 0; p < REF_PINS; p++)
        if (!result && ours.holder.pin_id && ours.holder.pin_id == roster_pin_id(pair->pins[p]))
            pin = p + 1;
    same("min", result,
         ref_min(&pair->ref, pair->ref.now, lower, ours.holder.session_id, pin, &theirs));
    if (result)
        return;
    same("now", ours.now, theirs.now);
    same("minimum", ours.min_start_ts, theirs.min_start_ts);
    same("new safe point", ours.safe_point, theirs.safe_point);
    same("expired", ours.expired, theirs.expired);
    same("holder", ours.holder.ts, theirs.holder.ts);
    same("somebody holds it", ours.holder.kind != ROSTER_HOLDER_NONE,
         theirs.holder.kind != ROSTER_HOLDER_NONE);
    same("next", ours.next.ts, theirs.next.ts);
}

static void step(struct pair *pair)
{
    unsigned what = byte(pair), which = what % 4, call = what / 4 % 8;

    if (call == 0)
        open_or_close(pair, which);
    else if (call == 1)
        call_min(pair);
    else if (call == 2)
        call_kill(pair, which);
    else if (call == 3)
        call_pin(pair, byte(pair), which);
    else if (!pair->sessions[which])
        return;
    else if (call < 6)
        call_stmt(pair, call, which);
    else
        call_txn(pair, byte(pair), which);
    compare_all(pair);
}

static void end(struct pair *pair)
{
    unsigned n;

    for (n = 0; n < REF_PINS; n++) {
        same("pin_release", roster_pin_release(pair->pins[n]), 0);
        ref_pin_release(&pair->ref, n);
        pair->pins[n] = NULL;
    }
    for (n = 0; n < REF_SESSIONS; n++) {
        same("close", roster_session_close(pair->sessions[n]), 0);
        ref_close(&pair->ref, n);
        memset(&pair->ref.sessions[n], 0, sizeof(pair->ref.sessions[n]));
        pair->sessions[n] = NULL;
    }
}

/*
 * Destroying a roster takes as long as a grace period, so one for each life time is used again and
 * again: after a leap of the oracle and a scan nothing depends on what was before.
 */
static struct pair *begin(unsigned life_time_ms)
{
    static struct pair pairs[4];
    struct pair *pair = &pairs[life_time_ms];
    struct roster_options options = ROSTER_OPTIONS_INIT;
    struct roster_min min;

    if (!pair->roster) {
        options.life_time_ms = life_time_ms;
        options.tick_ms = ROSTER_TICK_MANUAL;
        options.oracle = oracle;
        options.oracle_arg = pair;
        ref_init(&pair->ref, FIRST_NOW, life_time_ms);
        same("create", roster_create(&options, &pair->roster), 0);
    }
    pair->ref.now += FIRST_NOW;
    same("min", roster_min_advance(pair->roster, 0, NULL),
         ref_min(&pair->ref, pair->ref.now, 0, 0, 0, &min));
    return pair;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pair *pair = begin(size ? data[0] % 4 : 0);

    pair->data = data + (size != 0);
    pair->left = size - (size != 0);
    while (pair->left)
        step(pair);
    end(pair);
    return 0;
}
