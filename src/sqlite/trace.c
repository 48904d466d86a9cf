/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What SQLite calls when a statement begins, returns a row and ends: the only part that runs for
 * every statement of the program. It takes no lock and makes no system call; about once a
 * millisecond, where no thread does it, it has the clock read and memory reclaimed.
 *
 * The transaction of the roster begins with the first statement, a moment before SQLite takes its
 * snapshot, and ends with the last one, or with what ends an explicit transaction.
 *
 * Cursors that are open beside each other are nested statements of the session.
 */
#include "sqlite/extension.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

#define FIRST_ROOM 8
#define MOST_EXPANDED (256 * 1024)

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define put(place, value) atomic_store_explicit(&(place), value, memory_order_relaxed)
#define get(place) atomic_load_explicit(&(place), memory_order_relaxed)

/* About when the roster's clock is due, in a unit that is cheap to read: at most 1 ms. */
static inline uint64_t moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc() >> 20; /* a processor has at least 1 GHz */
#else
    return rst_clock_ms(CLOCK_MONOTONIC_COARSE);
#endif
}

/* Of this thread. */
static _Thread_local struct {
    uint64_t ticked;
    struct rst_ext_conn *inside; /* whose statement it has begun, which has no row and no end yet */
} mine __attribute__((tls_model("initial-exec")));

struct rst_ext_conn *rst_ext_inside(void)
{
    return mine.inside;
}

/* Without a thread that does it, statements keep the roster's clock right themselves, and have
 * memory given back. What cannot be reclaimed now waits for the next. */
static __attribute__((noinline)) void tick_now(uint64_t now)
{
    mine.ticked = now;
    (void)roster_tick(rst_ext_roster);
    rst_ext_reclaim();
}

static inline void tick(void)
{
    uint64_t now = moment();

    if (unlikely(now != mine.ticked))
        tick_now(now);
}

static __attribute__((noinline)) bool grow(struct rst_ext_conn *conn)
{
    unsigned room = conn->room ? conn->room * 2 : FIRST_ROOM;
    struct rst_ext_cursor *open = realloc(conn->open, room * sizeof(*open));

    if (!open)
        return false;
    conn->open = open;
    conn->room = room;
    return true;
}

/* Whether it begins with a letter from `first` on, and so with its first word: not with white
 * space, a comment or a byte order mark. */
static inline bool begins_from(const char *sql, char first)
{
    return ((unsigned char)sql[0] & 0xdfU) - (unsigned)first <= (unsigned)('Z' - first);
}

/* How much of a statement is shown. PRAGMA, ATTACH and VACUUM may say a key, and what begins with
 * another letter is none of these. */
static inline size_t shown_length(const char *sql)
{
    unsigned letter = (unsigned char)sql[0] & 0xdfU;

    if (unlikely(!begins_from(sql, 'B') || letter == 'P' || letter == 'V'))
        return rst_ext_without_key(sql);
    return strlen(sql);
}

static inline int begin_single(struct rst_ext_conn *conn, const char *sql)
{
    return roster_stmt_begin(conn->session, ROSTER_COMMAND_QUERY, sql, shown_length(sql), NULL, 0);
}

/* Its connection was killed, and what was open then has ended: it goes on as another session. */
static __attribute__((noinline)) int begin_again(struct rst_ext_conn *conn, const char *sql)
{
    int err = -ECANCELED;

    if (conn->n > 1 || conn->unseen || get(conn->txn))
        return err;
    if (!conn->held) {
        pthread_mutex_lock(&rst_ext_lock);
        err = rst_ext_session_again(conn);
        pthread_mutex_unlock(&rst_ext_lock);
    }
    return err ? err : begin_single(conn, sql);
}

/* The first statement of what is open, which goes on beside others, began with the transaction. */
static void note_since(struct rst_ext_conn *conn)
{
    const struct roster_shown *shown;
    struct roster_copy copy;

    if (get(conn->since_txn) == get(conn->txn))
        return;
    shown = roster_session_look(conn->session, &copy, NULL, 0);
    if (!shown->statement)
        return;
    put(conn->since, shown->statement->since);
    atomic_store(&conn->since_txn, get(conn->txn)); /* pairs with fill() in rows.c */
}

/* Others are open. The number of one that began alone was not asked for until now. */
static __attribute__((noinline)) int begin_nested(struct rst_ext_conn *conn, const char *sql)
{
    struct rst_ext_cursor *first = &conn->open[0];
    int err;

    if (first->shown && !first->number)
        first->number = roster_stmt_seq(conn->session);
    note_since(conn);
    err = roster_stmt_push(conn->session, ROSTER_COMMAND_QUERY, sql, shown_length(sql), NULL, 0);
    if (!err)
        conn->open[conn->n - 1].number = roster_stmt_seq(conn->session);
    return err;
}

static inline int begin_text(struct rst_ext_conn *conn, const char *sql)
{
    return likely(conn->n == 1) ? begin_single(conn, sql) : begin_nested(conn, sql);
}

/* Of a statement inside another one's function SQLite gives no values: it is its text, with each
 * line made a comment. */
static bool is_commented(const char *text, const char *sql)
{
    return !strncmp(text, "-- ", 3) && !strncmp(text + 3, sql, strcspn(sql, "\n") + 1);
}

static __attribute__((noinline)) int begin_with_values(struct rst_ext_conn *conn,
                                                       const struct rst_ext_cursor *cursor)
{
    int limit = sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, -1);
    char *text;
    int err;

    /* Of a large value only the beginning would be shown. */
    if (limit > MOST_EXPANDED)
        (void)sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, MOST_EXPANDED);
    text = sqlite3_expanded_sql(cursor->stmt);
    (void)sqlite3_limit(conn->db, SQLITE_LIMIT_LENGTH, limit);
    err = begin_text(conn, text && !is_commented(text, cursor->sql) ? text : cursor->sql);
    sqlite3_free(text);
    return err;
}

/* Shows the statement as the one that the session runs. */
static inline void show(struct rst_ext_conn *conn, struct rst_ext_cursor *cursor)
{
    int err;

    put(conn->rows, 0);
    if (unlikely(get(rst_ext_settings.values)))
        err = begin_with_values(conn, cursor);
    else
        err = begin_text(conn, cursor->sql);
    if (unlikely(err == -ECANCELED))
        err = begin_again(conn, cursor->sql);
    cursor->shown = !err;
}

/*
 * What a statement holds outside of BEGIN is seen from the statement itself, unless somebody asks
 * the roster for its minimum; so the transaction that most statements need costs nothing.
 */
static inline void begin_txn(struct rst_ext_conn *conn)
{
    put(conn->txn, ++conn->txns);
    if (unlikely(get(rst_ext_ticking) || !sqlite3_get_autocommit(conn->db)))
        conn->pinned = !roster_txn_begin(conn->session, NULL);
}

static inline void finish_txn(struct rst_ext_conn *conn)
{
    put(conn->txn, 0);
    if (likely(!conn->pinned))
        return;
    (void)roster_txn_finish(conn->session);
    conn->pinned = false;
    put(conn->writes, false);
}

/* A transaction whose end was asked for goes on with nothing but its end. */
static __attribute__((noinline)) void obey(struct rst_ext_conn *conn, const char *sql)
{
    static const char *const ends[] = {"ROLLBACK", "COMMIT", "END", "RELEASE"};
    size_t n;

    if (get(conn->asked) != get(conn->txn)) {
        put(conn->asked, 0);
        return;
    }
    sql = rst_ext_first_word(sql);
    for (n = 0; n < sizeof(ends) / sizeof(*ends); n++)
        if (!sqlite3_strnicmp(sql, ends[n], (int)strlen(ends[n])))
            return;
    sqlite3_interrupt(conn->db);
}

static void hide(struct rst_ext_conn *conn, const struct rst_ext_cursor *cursor)
{
    uint64_t number = cursor->number;
    int killed;

    if (unlikely(!cursor->shown))
        return;
    if (likely(!number)) {
        killed = roster_stmt_end(conn->session);
        number = killed > 0 ? roster_stmt_seq(conn->session) : 0;
    } else {
        killed = roster_stmt_pop(conn->session, number);
    }
    if (unlikely(killed > 0))
        rst_ext_settle(conn, number);
}

/* Takes what has ended from the list of those that are open. */
static inline void drop(struct rst_ext_conn *conn, unsigned n)
{
    if (unlikely(n < --conn->n))
        memmove(&conn->open[n], &conn->open[n + 1], (conn->n - n) * sizeof(*conn->open));
    if (unlikely(conn->n))
        put(conn->rows, conn->open[conn->n - 1].rows);
}

static bool is_busy(sqlite3 *db, const sqlite3_stmt *stmt)
{
    sqlite3_stmt *known = NULL;

    do
        known = sqlite3_next_stmt(db, known);
    while (known && known != stmt);
    return known && sqlite3_stmt_busy(known);
}

static void forget(struct rst_ext_conn *conn, unsigned n)
{
    hide(conn, &conn->open[n]);
    drop(conn, n);
    put(conn->cursors, conn->n + conn->unseen);
}

/* `begins` is one that begins now, whatever it was before. */
static void forget_ended(struct rst_ext_conn *conn, const sqlite3_stmt *begins)
{
    unsigned n;

    put(conn->again, false);
    for (n = conn->n; n; n--)
        if (conn->open[n - 1].stmt == begins || !is_busy(conn->db, conn->open[n - 1].stmt))
            forget(conn, n - 1);
}

/* Whether it is open already. What is known to be doubtful is looked after. */
static __attribute__((noinline)) bool is_open(struct rst_ext_conn *conn, const sqlite3_stmt *stmt)
{
    unsigned n;

    if (get(conn->again)) {
        forget_ended(conn, stmt);
        if (!conn->n && !conn->unseen && sqlite3_get_autocommit(conn->db))
            finish_txn(conn);
    }
    for (n = 0; n < conn->n; n++)
        if (conn->open[n].stmt == stmt)
            return true;
    return false;
}

/*
 * What may begin with a comment, or as ATTACH and DETACH do. A statement inside another one's
 * function is announced behind a "-- " of SQLite's own; but there are programs whose statements
 * begin like that.
 */
static __attribute__((noinline)) const char *look_closer(struct rst_ext_conn *conn,
                                                         sqlite3_stmt *stmt, const char *sql)
{
    if (sql[0] == '-')
        sql = sqlite3_sql(stmt);
    if (!sql)
        return "";
    if (rst_ext_attaches(sql)) {
        conn->attaching = 2; /* this one, and the next, by which it has ended */
        conn->catch_up = true;
    }
    return sql;
}

static __attribute__((noinline)) void catch_up(struct rst_ext_conn *conn, const sqlite3_stmt *stmt,
                                               const char *sql)
{
    if (conn->n_reset && rst_ext_was_reset(conn, stmt, sql))
        sqlite3_interrupt(conn->db);
    if (conn->attaching && !--conn->attaching) {
        if (!conn->held)
            pthread_mutex_lock(&rst_ext_lock);
        rst_ext_files_follow(conn);
        if (!conn->held)
            pthread_mutex_unlock(&rst_ext_lock);
    }
    conn->catch_up = conn->n_reset || conn->attaching;
}

/* Statements of triggers, and one that is prepared again because the schema has changed, come here
 * again while they are open. */
static __attribute__((noinline)) void begun(struct rst_ext_conn *conn, sqlite3_stmt *stmt,
                                            const char *sql)
{
    struct rst_ext_cursor *cursor;

    mine.inside = conn;
    if (unlikely(conn->n && is_open(conn, stmt)))
        return;
    if (unlikely(!begins_from(sql, 'E')))
        sql = look_closer(conn, stmt, sql);
    if (!get(rst_ext_ticking))
        tick();
    if (unlikely(conn->n == conn->room && !grow(conn))) {
        conn->unseen++;
    } else {
        cursor = &conn->open[conn->n++];
        cursor->stmt = stmt;
        cursor->sql = sql;
        cursor->rows = cursor->number = 0;
        show(conn, cursor);
    }
    put(conn->cursors, conn->n + conn->unseen);
    if (!get(conn->txn))
        begin_txn(conn);
    else if (unlikely(get(conn->asked)))
        obey(conn, sql);
    if (unlikely(conn->catch_up))
        catch_up(conn, stmt, sql);
}

/* An explicit transaction has taken its snapshot, or its lock: with BEGIN IMMEDIATE before its
 * statement says so. */
static __attribute__((noinline)) void pin(struct rst_ext_conn *conn)
{
    if (!conn->pinned && get(conn->txn) && sqlite3_txn_state(conn->db, NULL) != SQLITE_TXN_NONE)
        conn->pinned = !roster_txn_begin(conn->session, NULL);
}

/* An explicit transaction is open. It begins with BEGIN, which mostly takes no snapshot yet. */
static void stays(struct rst_ext_conn *conn)
{
    int state = sqlite3_txn_state(conn->db, NULL), changes = sqlite3_total_changes(conn->db);

    if (state == SQLITE_TXN_NONE) {
        conn->changes = changes;
        if (!conn->n && !conn->unseen)
            finish_txn(conn);
        return;
    }
    if (state != SQLITE_TXN_WRITE || !conn->pinned)
        return;
    if (!conn->writes)
        conn->changes = changes;
    conn->writes =
        !roster_txn_set_progress(conn->session, (uint64_t)(changes - conn->changes), 0, 0);
}

/*
 * A statement whose schema has changed fails, is prepared again and begins once more, in which
 * SQLite calls back for the failure alone. So what reads or writes rows, has returned none and is
 * out of date has not ended; or it has, because it could not be prepared: then that is found later.
 */
static __attribute__((noinline)) bool runs_again(struct rst_ext_conn *conn,
                                                 const struct rst_ext_cursor *cursor)
{
    static const char *const words[] = {"SELECT", "WITH",   "VALUES", "INSERT",
                                        "UPDATE", "DELETE", "REPLACE"};
    const char *word;
    size_t n;

    if (!sqlite3_api->expired || !sqlite3_api->expired(cursor->stmt))
        return false;
    word = rst_ext_first_word(cursor->sql);
    for (n = 0; n < sizeof(words) / sizeof(*words); n++)
        if (!sqlite3_strnicmp(word, words[n], (int)strlen(words[n]))) {
            put(conn->again, true);
            return true;
        }
    return false;
}

static __attribute__((noinline)) void ended(struct rst_ext_conn *conn, const sqlite3_stmt *stmt)
{
    bool stays_open = !sqlite3_get_autocommit(conn->db);
    unsigned n;

    n = conn->n;
    while (unlikely(n && conn->open[n - 1].stmt != stmt))
        n--;
    if (unlikely(!n && !conn->unseen))
        return;
    if (unlikely(stays_open))
        pin(conn);
    if (likely(n)) {
        if (!conn->open[n - 1].rows && runs_again(conn, &conn->open[n - 1]))
            return;
        hide(conn, &conn->open[n - 1]);
        drop(conn, n - 1);
    } else {
        conn->unseen--;
    }
    /* It may have run inside another one, which has returned no row then. */
    mine.inside = unlikely(conn->n && !conn->open[conn->n - 1].rows) ? conn : NULL;
    put(conn->cursors, conn->n + conn->unseen);
    if (unlikely(stays_open))
        stays(conn);
    else if (likely(!conn->n && !conn->unseen))
        finish_txn(conn);
}

/* A row of another statement than the one that is shown. */
static __attribute__((noinline)) void returned_below(struct rst_ext_conn *conn,
                                                     const sqlite3_stmt *stmt)
{
    unsigned n;

    for (n = conn->n; n && conn->open[n - 1].stmt != stmt; n--)
        ;
    if (n)
        conn->open[n - 1].rows++;
}

static inline void returned(struct rst_ext_conn *conn, const sqlite3_stmt *stmt)
{
    struct rst_ext_cursor *last;

    mine.inside = NULL;
    if (unlikely(!conn->n))
        return;
    last = &conn->open[conn->n - 1];
    if (likely(last->stmt == stmt))
        put(conn->rows, ++last->rows);
    else
        returned_below(conn, stmt);
}

void rst_ext_reconcile(struct rst_ext_conn *conn)
{
    if (conn->quiet || sqlite3_compileoption_used("ENABLE_API_ARMOR"))
        return;
    conn->held = true;
    forget_ended(conn, NULL);
    if (!conn->n && !conn->unseen && !conn->reading && get(conn->txn) &&
        sqlite3_txn_state(conn->db, NULL) == SQLITE_TXN_NONE)
        finish_txn(conn);
    conn->held = false;
}

bool rst_ext_reading_begin(struct rst_ext_conn *conn, const char *text)
{
    if (conn->n || conn->unseen || conn->quiet)
        return false; /* what it reads by is shown already */
    if (!get(rst_ext_ticking))
        tick();
    put(conn->rows, 0);
    if (begin_single(conn, text))
        return false;
    put(conn->cursors, 1);
    if (!get(conn->txn)) {
        begin_txn(conn);
        conn->reading = true;
    }
    return true;
}

void rst_ext_reading_end(struct rst_ext_conn *conn)
{
    if (roster_stmt_end(conn->session) > 0)
        rst_ext_settle(conn, roster_stmt_seq(conn->session));
    put(conn->cursors, 0);
    if (conn->reading)
        finish_txn(conn);
    conn->reading = false;
}

int rst_ext_trace(unsigned event, void *arg, void *stmt, void *detail)
{
    struct rst_ext_conn *conn = arg;

    if (unlikely(conn->quiet))
        return 0;
    if (event == SQLITE_TRACE_STMT)
        begun(conn, stmt, detail);
    else if (event == SQLITE_TRACE_PROFILE)
        ended(conn, stmt);
    else
        returned(conn, stmt);
    return 0;
}

void rst_ext_reconcile_all(void)
{
    struct rst_ext_conn *conn;
    sqlite3_mutex *mutex;

    pthread_mutex_lock(&rst_ext_lock);
    for (conn = rst_ext_conns; conn; conn = conn->next) {
        if (!atomic_load(&conn->again))
            continue;
        mutex = sqlite3_db_mutex(conn->db);
        if (!mutex || sqlite3_mutex_try(mutex) != SQLITE_OK)
            continue;
        rst_ext_reconcile(conn);
        sqlite3_mutex_leave(mutex);
    }
    pthread_mutex_unlock(&rst_ext_lock);
}
