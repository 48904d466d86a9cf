/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * txn_storm KILLS: four killers aim at transactions of 32 sessions that begin and finish as fast as
 * they can, by the number that a look has shown; every other kill is held back until some others
 * were aimed, so that its transaction may have finished and the next one be open. Then the books
 * are compared (G5):
 *
 *   - whatever an owner saw inside a transaction was delivered to that transaction, with the reason
 *     of its killer;
 *   - what was answered otherwise was seen by no owner;
 *   - a kill whose killer was told "delivered" before the owner asked was seen.
 *
 * An owner that finishes without asking need not see a kill, so not all that was delivered is seen.
 */
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { KILLERS = 4, OWNERS = 4, SESSIONS = 8, PLACES = OWNERS * SESSIONS };
enum { HELD = 16, BURST = 61 };

/* A kill, or what an owner saw of one. */
struct entry {
    uint64_t txn;
    unsigned reason;
};

struct book {
    struct entry *entries;
    size_t count, size;
};

struct aim {
    unsigned place;
    uint64_t session, start_ts, txn;
};

struct killer {
    pthread_t thread;
    enum roster_kill_reason reason;
    uint64_t left, random;
    uint64_t last[PLACES]; /* its last aim there: it takes none twice */
    struct aim held[HELD];
    struct book delivered, refused;
};

struct owner {
    pthread_t thread;
    unsigned number;
    struct book seen;
    uint64_t txns;
};

static struct roster *roster;
static struct roster_session *sessions[PLACES];
static uint64_t ids[PLACES];
static uint64_t told[PLACES]; /* atomic: the transaction whose kill was said to be delivered */
static struct killer killers[KILLERS];
static struct owner owners[OWNERS];
static int stop; /* atomic */

static void ok(int err, const char *what)
{
    if (!err)
        return;
    fprintf(stderr, "txn_storm: %s: %s\n", what, roster_strerror(err));
    exit(2);
}

static void note(struct book *book, uint64_t txn, unsigned reason)
{
    if (book->count == book->size) {
        book->size = book->size ? 2 * book->size : 1024;
        book->entries = realloc(book->entries, book->size * sizeof(*book->entries));
        if (!book->entries)
            exit(2);
    }
    book->entries[book->count++] = (struct entry){txn, reason};
}

static _Noreturn void wrong(const char *what, uint64_t txn, unsigned reason)
{
    printf("WRONG: %s: transaction %" PRIu64 ", reason %u\n", what, txn, reason);
    exit(1);
}

static struct aim look_at(unsigned place)
{
    struct aim aim = {place, ids[place], 0, 0};
    const struct roster_shown *shown;
    struct roster_copy copy;

    shown = roster_session_look(sessions[place], &copy, NULL, 0);
    aim.start_ts = shown->start_ts;
    aim.txn = shown->txn_state == ROSTER_TXN_VALID ? roster_txn_seq(sessions[place], shown) : 0;
    return aim;
}

/* One transaction. */
static void run(struct owner *owner, unsigned place)
{
    struct aim own;
    uint64_t before;
    int killed;

    ok(roster_txn_begin(sessions[place], NULL), "begin");
    own = look_at(place);
    if (++owner->txns % BURST == 0)
        sched_yield();
    before = __atomic_load_n(&told[place], __ATOMIC_ACQUIRE);
    killed = roster_killed(sessions[place]);
    if (killed > 0)
        note(&owner->seen, own.txn, (unsigned)roster_killed_reason(killed));
    else if (before == own.txn)
        wrong("delivered, and its owner asks and does not see it", own.txn, 0);
    if (killed > 0 && !roster_killed_transaction(killed))
        wrong("a transaction was killed, and its owner sees something else", own.txn, 0);
    ok(roster_txn_finish(sessions[place]), "finish");
    if (roster_killed(sessions[place]))
        wrong("a kill outlived its transaction", own.txn, 0);
}

static void *own_sessions(void *arg)
{
    struct owner *owner = arg;
    unsigned n;

    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        for (n = 0; n < SESSIONS; n++)
            run(owner, owner->number * SESSIONS + n);
    return NULL;
}

static void fire(struct killer *killer, const struct aim *aim)
{
    int err = roster_kill_txn(roster, aim->session, aim->start_ts, aim->txn, killer->reason);

    if (!err) {
        __atomic_store_n(&told[aim->place], aim->txn, __ATOMIC_RELEASE);
        note(&killer->delivered, aim->txn, (unsigned)killer->reason);
    } else {
        note(&killer->refused, aim->txn, (unsigned)killer->reason);
    }
    killer->left--;
}

static void *kill_them(void *arg)
{
    struct killer *killer = arg;
    struct aim aim, *held;

    while (killer->left) {
        killer->random = killer->random * UINT64_C(6364136223846793005) + 1442695040888963407;
        ok(roster_read_lock(roster), "lock");
        aim = look_at((unsigned)(killer->random >> 33) % PLACES);
        roster_read_unlock(roster);
        if (!aim.txn || aim.txn == killer->last[aim.place]) {
            sched_yield();
            continue;
        }
        killer->last[aim.place] = aim.txn;
        held = &killer->held[(killer->random >> 40) % HELD];
        if (killer->random >> 60 & 1) {
            struct aim now = aim;

            aim = *held;
            *held = now;
        }
        if (aim.txn)
            fire(killer, &aim);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->txn != y->txn)
        return x->txn < y->txn ? -1 : 1;
    return x->reason < y->reason ? -1 : x->reason > y->reason;
}

static void append(struct book *all, const struct book *more)
{
    size_t n;

    for (n = 0; n < more->count; n++)
        note(all, more->entries[n].txn, more->entries[n].reason);
}

static bool has(const struct book *book, const struct entry *entry)
{
    return book->count &&
           bsearch(entry, book->entries, book->count, sizeof(*book->entries), compare);
}

/* Returns how many kills were seen. */
static size_t compare_books(struct book *delivered)
{
    size_t n, seen = 0;
    int i;

    if (delivered->count)
        qsort(delivered->entries, delivered->count, sizeof(*delivered->entries), compare);
    for (i = 0; i < OWNERS; i++)
        for (n = 0; n < owners[i].seen.count; n++, seen++)
            if (!has(delivered, &owners[i].seen.entries[n]))
                wrong("seen, but delivered by no killer", owners[i].seen.entries[n].txn,
                      owners[i].seen.entries[n].reason);
    return seen;
}

static void storm(uint64_t kills)
{
    unsigned n;

    for (n = 0; n < OWNERS; n++) {
        owners[n].number = n;
        ok(-pthread_create(&owners[n].thread, NULL, own_sessions, &owners[n]), "thread");
    }
    for (n = 0; n < KILLERS; n++) {
        killers[n].left = kills / KILLERS + 1;
        killers[n].random = UINT64_C(0x9e3779b97f4a7c15) * (n + 1);
        killers[n].reason = (enum roster_kill_reason)(ROSTER_KILL_REASON_INTERRUPTED + n);
        ok(-pthread_create(&killers[n].thread, NULL, kill_them, &killers[n]), "thread");
    }
    for (n = 0; n < KILLERS; n++)
        pthread_join(killers[n].thread, NULL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (n = 0; n < OWNERS; n++)
        pthread_join(owners[n].thread, NULL);
}

int main(int argc, char **argv)
{
    uint64_t kills = argc == 2 ? strtoull(argv[1], NULL, 10) : 0, txns = 0;
    struct book delivered = {NULL, 0, 0};
    size_t refused = 0, seen;
    unsigned n;

    if (!kills) {
        fprintf(stderr, "usage: txn_storm KILLS\n");
        return 2;
    }
    ok(roster_create(NULL, &roster), "create");
    for (n = 0; n < PLACES; n++) {
        ok(roster_session_open(roster, NULL, &sessions[n]), "open");
        ids[n] = roster_session_id(sessions[n]);
    }
    storm(kills);
    for (n = 0; n < KILLERS; n++) {
        append(&delivered, &killers[n].delivered);
        refused += killers[n].refused.count;
    }
    seen = compare_books(&delivered);
    for (n = 0; n < OWNERS; n++)
        txns += owners[n].txns;
    printf("%zu kills at %" PRIu64 " transactions: %zu delivered, %zu seen, %zu refused\n",
           delivered.count + refused, txns, delivered.count, seen, refused);
    for (n = 0; n < PLACES; n++)
        ok(roster_session_close(sessions[n]), "close");
    for (n = 0; n < KILLERS; n++) {
        free(killers[n].delivered.entries);
        free(killers[n].refused.entries);
    }
    for (n = 0; n < OWNERS; n++)
        free(owners[n].seen.entries);
    free(delivered.entries);
    ok(roster_destroy(roster), "destroy");
    if (seen * 100 >= kills && refused * 100 >= kills)
        return 0;
    printf("WRONG: too few were seen or came too late: too little was tested\n");
    return 1;
}
