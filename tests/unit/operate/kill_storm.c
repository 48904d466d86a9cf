/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * kill_storm KILLS: four killers aim at statements of 64 sessions that start and end as fast as
 * they can. A killer aims at a statement that it sees run and that was not killed yet; every
 * other time it holds its fire, and fires at what it aimed at some time ago, so that the statement
 * may have ended, the session be idle, or have made room for another one. Then the books are
 * compared (G5):
 *
 *   - a kill that was delivered was seen by the owner of exactly the statement it named, with the
 *     reason it gave, once;
 *   - whatever an owner saw was delivered;
 *   - what was answered otherwise was not seen, and "already dying" only where another kill
 *     was delivered.
 *
 * Each killer has a reason of its own, so (session, statement, reason) names one kill. A storm
 * proves something only when enough kills are delivered and enough come too late: it goes on until
 * then, and fails when that does not come.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <roster/roster.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KILLERS = 4, OWNERS = 4, SESSIONS = 16, ROUND = 200000, RESULTS = 5 };
enum { PLACES = OWNERS * SESSIONS };
enum {
    LIVES = 2048, /* statements of a session until another one takes its place */
    RESTS = 4,    /* one visit in RESTS leaves its session idle */
    HOLDS = 2,    /* one aim in HOLDS is held back */
    HELD = 32,    /* the number that is kept */
    BURST = 61,   /* rounds until an owner lets others run; not in step with the rests */
    LOOKS = 16,   /* places looked at in search of somebody to kill */
    PATIENCE = 20 /* at most this multiple of the kills asked for */
};

/* A kill, or what an owner saw of one. */
struct entry {
    uint64_t session, seq;
    uint64_t reason;
};

struct book {
    struct entry *entries;
    size_t count, capacity;
};

struct owner {
    pthread_t thread;
    struct roster_session *sessions[SESSIONS];
    bool runs[SESSIONS];
    uint64_t ids[SESSIONS]; /* atomic */
    struct book seen;
    uint64_t statements;
};

struct aim {
    unsigned place;
    uint64_t session, seq;
};

struct killer {
    pthread_t thread;
    enum roster_kill_reason reason;
    uint64_t left, random;
    uint64_t last[PLACES]; /* name_of() its last aim there: it takes none twice */
    struct aim held[HELD];
    struct book by_result[RESULTS];
};

static struct roster *roster;
static struct owner owners[OWNERS];
static struct killer killers[KILLERS];
static uint64_t shot[PLACES]; /* atomic: name_of() the last statement that was killed there */
static int stop;

static _Noreturn void die(const char *what, int err)
{
    fprintf(stderr, "kill_storm: %s: %s\n", what, roster_strerror(err));
    exit(1);
}

static void ok(int err, const char *what)
{
    if (err)
        die(what, err);
}

static void note(struct book *book, uint64_t session, uint64_t seq, uint64_t reason)
{
    if (book->count == book->capacity) {
        book->capacity = book->capacity ? 2 * book->capacity : 1024;
        book->entries = realloc(book->entries, book->capacity * sizeof(*book->entries));
        if (!book->entries)
            die("memory", -ENOMEM);
    }
    book->entries[book->count++] = (struct entry){session, seq, reason};
}

static void open_session(struct owner *owner, int n)
{
    ok(roster_session_open(roster, NULL, &owner->sessions[n]), "open");
    __atomic_store_n(&owner->ids[n], roster_session_id(owner->sessions[n]), __ATOMIC_RELEASE);
}

static void start(struct owner *owner, int n)
{
    ok(roster_stmt_begin(owner->sessions[n], ROSTER_COMMAND_QUERY, "storm", 5, NULL, 0), "begin");
    owner->runs[n] = true;
}

/* Ends a statement; what it was told on the way and at its end must agree. */
static void end(struct owner *owner, int n)
{
    struct roster_session *session = owner->sessions[n];
    uint64_t seq = roster_stmt_seq(session);
    int before = roster_killed(session);
    int killed = roster_stmt_end(session);

    if (killed < 0)
        die("end", killed);
    if (before && before != killed) {
        fprintf(stderr, "kill_storm: told %d, then %d\n", before, killed);
        exit(1);
    }
    if (killed)
        note(&owner->seen, roster_session_id(session), seq, (uint64_t)killed);
    if (roster_killed(session)) {
        fprintf(stderr, "kill_storm: a kill outlived its statement\n");
        exit(1);
    }
    owner->statements++;
    owner->runs[n] = false;
}

/* One visit: a statement lives for as long as it takes to go round. */
static void visit(struct owner *owner, int n, uint64_t round)
{
    if (owner->runs[n])
        end(owner, n);
    if ((round + (unsigned)n) % LIVES == 0) {
        ok(roster_session_close(owner->sessions[n]), "close");
        open_session(owner, n);
    }
    if ((round + (unsigned)n) % RESTS != 0)
        start(owner, n);
}

static void *own(void *arg)
{
    struct owner *owner = arg;
    uint64_t round;
    int n;

    for (round = 1; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); round++) {
        for (n = 0; n < SESSIONS; n++)
            visit(owner, n, round);
        if (round % BURST == 0)
            sched_yield();
    }
    for (n = 0; n < SESSIONS; n++)
        if (owner->runs[n])
            end(owner, n);
    return NULL;
}

static uint64_t next_random(struct killer *killer)
{
    killer->random ^= killer->random << 13;
    killer->random ^= killer->random >> 7;
    killer->random ^= killer->random << 17;
    return killer->random;
}

/* A statement in one word; that two may have the same only means that one is spared. */
static uint64_t name_of(const struct aim *aim)
{
    return aim->session << 40 ^ aim->seq;
}

/* Under the read lock: whether a statement runs there that was not killed yet. */
static bool looks_alive(const struct killer *killer, struct aim *aim)
{
    const struct owner *owner = &owners[aim->place / SESSIONS];
    const struct roster_session *session;
    const struct roster_shown *view;
    struct roster_copy copy;

    aim->session = __atomic_load_n(&owner->ids[aim->place % SESSIONS], __ATOMIC_ACQUIRE);
    session = roster_lookup(roster, aim->session);
    view = session ? roster_session_look(session, &copy, NULL, 0) : NULL;
    if (!view || !view->statement)
        return false;
    aim->seq = view->statement->seq;
    return killer->last[aim->place] != name_of(aim) &&
           __atomic_load_n(&shot[aim->place], __ATOMIC_RELAXED) != name_of(aim);
}

static bool take_aim(struct killer *killer, struct aim *aim)
{
    uint64_t random = next_random(killer);
    bool found = false;
    unsigned n;

    ok(roster_read_lock(roster), "read lock");
    for (n = 0; n < LOOKS && !found; n++) {
        aim->place = (unsigned)((random + n) % PLACES);
        found = looks_alive(killer, aim);
    }
    roster_read_unlock(roster);
    if (found)
        killer->last[aim->place] = name_of(aim);
    return found;
}

/* Keeps this aim and gives an old one for it; there is none at first. */
static bool hold(struct killer *killer, struct aim *aim)
{
    struct aim *held = &killer->held[next_random(killer) % HELD], old = *held;

    *held = *aim;
    *aim = old;
    return old.session != 0;
}

static int result_of(int err)
{
    static const int results[RESULTS] = {0, -ESRCH, -ENOENT, -ESTALE, -EALREADY};
    int n;

    for (n = 0; n < RESULTS; n++)
        if (results[n] == err)
            return n;
    die("kill", err);
}

static void fire(struct killer *killer, const struct aim *aim)
{
    int err =
        roster_kill(roster, aim->session, ROSTER_KILL_TARGET_STATEMENT, aim->seq, killer->reason);

    note(&killer->by_result[result_of(err)], aim->session, aim->seq, (uint64_t)killer->reason);
    if (err == 0 || err == -EALREADY)
        __atomic_store_n(&shot[aim->place], name_of(aim), __ATOMIC_RELAXED);
    killer->left--;
}

/* When all are dying already, it is the owners' turn. */
static void *kill_them(void *arg)
{
    struct killer *killer = arg;
    struct aim aim;

    while (killer->left) {
        if (!take_aim(killer, &aim))
            sched_yield();
        else if (next_random(killer) % HOLDS != 0 || hold(killer, &aim))
            fire(killer, &aim);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->session != y->session)
        return x->session < y->session ? -1 : 1;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return (x->reason > y->reason) - (x->reason < y->reason);
}

static int compare_statements(const void *a, const void *b)
{
    struct entry x = *(const struct entry *)a, y = *(const struct entry *)b;

    x.reason = y.reason = 0;
    return compare(&x, &y);
}

static void append(struct book *all, const struct book *more)
{
    size_t n;

    for (n = 0; n < more->count; n++)
        note(all, more->entries[n].session, more->entries[n].seq, more->entries[n].reason);
}

static bool has(const struct book *book, const struct entry *entry,
                int (*by)(const void *a, const void *b))
{
    return book->count && bsearch(entry, book->entries, book->count, sizeof(*entry), by);
}

static _Noreturn void wrong(const char *what, const struct entry *entry)
{
    printf("WRONG: %s: session %" PRIu64 ", statement %" PRIu64 ", reason %" PRIu64 "\n", what,
           entry->session, entry->seq, entry->reason);
    exit(1);
}

/* What was delivered is what was seen, to the last entry. */
static void compare_books(const struct book *delivered, const struct book *seen)
{
    size_t n, most = delivered->count > seen->count ? delivered->count : seen->count;

    for (n = 0; n < most; n++) {
        if (n >= seen->count ||
            (n < delivered->count && compare(&delivered->entries[n], &seen->entries[n]) < 0))
            wrong("delivered, but its owner has not seen it", &delivered->entries[n]);
        if (n >= delivered->count || compare(&delivered->entries[n], &seen->entries[n]) > 0)
            wrong("seen, but not delivered", &seen->entries[n]);
        if (n && !compare_statements(&seen->entries[n - 1], &seen->entries[n]))
            wrong("one statement was killed twice", &seen->entries[n]);
    }
}

static void compare_others(const struct book *delivered, const struct killer *killer)
{
    int result;
    size_t n;

    for (result = 1; result < RESULTS; result++)
        for (n = 0; n < killer->by_result[result].count; n++) {
            const struct entry *entry = &killer->by_result[result].entries[n];

            if (result == ROSTER_KILL_RESULT_DYING && !has(delivered, entry, compare_statements))
                wrong("dying, but not killed", entry);
            if (result != ROSTER_KILL_RESULT_DYING && has(delivered, entry, compare))
                wrong("delivered and refused", entry);
        }
}

/* Compares and empties the books of a round; adds up what became of the kills. */
static void settle(uint64_t *totals)
{
    struct book delivered = {0}, seen = {0};
    int n, result;

    for (n = 0; n < KILLERS; n++)
        append(&delivered, &killers[n].by_result[ROSTER_KILL_RESULT_DELIVERED]);
    for (n = 0; n < OWNERS; n++)
        append(&seen, &owners[n].seen);
    if (delivered.count)
        qsort(delivered.entries, delivered.count, sizeof(struct entry), compare);
    if (seen.count)
        qsort(seen.entries, seen.count, sizeof(struct entry), compare);
    compare_books(&delivered, &seen);
    for (n = 0; n < KILLERS; n++) {
        compare_others(&delivered, &killers[n]);
        for (result = 0; result < RESULTS; result++) {
            totals[result] += killers[n].by_result[result].count;
            killers[n].by_result[result].count = 0;
        }
    }
    for (n = 0; n < OWNERS; n++)
        owners[n].seen.count = 0;
    free(delivered.entries);
    free(seen.entries);
}

static void run_round(uint64_t kills, uint64_t *totals)
{
    int n;

    __atomic_store_n(&stop, 0, __ATOMIC_RELEASE);
    for (n = 0; n < OWNERS; n++)
        ok(-pthread_create(&owners[n].thread, NULL, own, &owners[n]), "thread");
    for (n = 0; n < KILLERS; n++) {
        killers[n].left = kills / KILLERS + (n == 0 ? kills % KILLERS : 0);
        ok(-pthread_create(&killers[n].thread, NULL, kill_them, &killers[n]), "thread");
    }
    for (n = 0; n < KILLERS; n++)
        pthread_join(killers[n].thread, NULL);
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    for (n = 0; n < OWNERS; n++)
        pthread_join(owners[n].thread, NULL);
    settle(totals);
}

static void set_up(void)
{
    int n, m;

    ok(roster_create(NULL, &roster), "create");
    for (n = 0; n < OWNERS; n++)
        for (m = 0; m < SESSIONS; m++)
            open_session(&owners[n], m);
    for (n = 0; n < KILLERS; n++) {
        killers[n].reason = (enum roster_kill_reason)(ROSTER_KILL_REASON_INTERRUPTED + n);
        killers[n].random = UINT64_C(0x9e3779b97f4a7c15) * (unsigned)(n + 1);
    }
}

/* The roster has counted the same. Returns the statements there were. */
static uint64_t check_counts(const uint64_t *totals)
{
    struct roster_metrics metrics = {.size = sizeof(metrics)};
    uint64_t counted, statements = 0;
    int n, result;

    ok(roster_metrics(roster, &metrics), "metrics");
    for (result = 0; result < RESULTS; result++) {
        counted = 0;
        for (n = 0; n < KILLERS; n++)
            counted += metrics.kills[killers[n].reason][result];
        if (counted != totals[result]) {
            printf("WRONG: %" PRIu64 " kills %s, counted %" PRIu64 "\n", totals[result],
                   roster_kill_result_name((enum roster_kill_result)result), counted);
            exit(1);
        }
    }
    for (n = 0; n < OWNERS; n++)
        statements += owners[n].statements;
    return statements;
}

/* What part of the kills must have had each result, at least: less than half of what one processor
 * shows and two, all to itself or with others. */
static const struct {
    enum roster_kill_result result;
    unsigned percent;
} wanted[] = {{ROSTER_KILL_RESULT_DELIVERED, 20},
              {ROSTER_KILL_RESULT_STALE, 10},
              {ROSTER_KILL_RESULT_NOTHING, 1},
              {ROSTER_KILL_RESULT_GONE, 1}};
enum { WANTED = sizeof(wanted) / sizeof(*wanted) };

/* The first of them that was met too seldom, or WANTED. */
static int scarce(const uint64_t *totals, uint64_t kills)
{
    int n;

    for (n = 0; n < WANTED; n++)
        if (totals[wanted[n].result] * 100 < kills * wanted[n].percent)
            break;
    return n;
}

/* Goes on where too little was tested, as in a short storm on a busy machine. Returns the kills. */
static uint64_t storm(uint64_t kills, uint64_t *totals)
{
    uint64_t fired, round;

    for (fired = 0; fired < kills || (fired < kills * PATIENCE && scarce(totals, fired) < WANTED);
         fired += round) {
        round = fired < kills ? kills - fired : kills;
        if (round > ROUND)
            round = ROUND;
        run_round(round, totals);
    }
    return fired;
}

static void tear_down(void)
{
    int n, m;

    for (n = 0; n < OWNERS; n++) {
        for (m = 0; m < SESSIONS; m++)
            ok(roster_session_close(owners[n].sessions[m]), "close");
        free(owners[n].seen.entries);
    }
    for (n = 0; n < KILLERS; n++)
        for (m = 0; m < RESULTS; m++)
            free(killers[n].by_result[m].entries);
    ok(roster_destroy(roster), "destroy");
}

int main(int argc, char **argv)
{
    uint64_t kills = argc == 2 ? strtoull(argv[1], NULL, 10) : 0, statements;
    uint64_t totals[RESULTS] = {0};
    int result, missing;

    if (!kills) {
        fprintf(stderr, "usage: kill_storm KILLS\n");
        return 2;
    }
    set_up();
    kills = storm(kills, totals);
    statements = check_counts(totals);
    printf("%" PRIu64 " kills at %" PRIu64 " statements:", kills, statements);
    for (result = 0; result < RESULTS; result++)
        printf(" %" PRIu64 " %s", totals[result],
               roster_kill_result_name((enum roster_kill_result)result));
    printf("\n");
    tear_down();
    missing = scarce(totals, kills);
    if (missing == WANTED)
        return 0;
    printf("WRONG: fewer than %u of 100 kills were %s: too little was tested\n",
           wanted[missing].percent, roster_kill_result_name(wanted[missing].result));
    return 1;
}
