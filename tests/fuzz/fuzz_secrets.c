/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Where the SQLite extension cuts a statement that says the key of a file. SQLite itself is the
 * reference: of what it takes for a pragma of a key, or for an ATTACH with one, no key is shown.
 * Nothing is run: its authorizer refuses the statement as soon as it is understood.
 */
#define SQLITE_CORE /* calls SQLite, and is no extension of it */

#include "fuzz.h"
#include "sqlite/extension.h"

#include "core/base/ascii.h"

#include <string.h>

#define ADDED "\nKEY hunter2()"

/* What SQLite understood. */
struct understood {
    bool pragma, attach, call;
};

static bool is_of_a_key(const char *pragma)
{
    static const char *const names[] = {"key",      "rekey",   "hexkey",
                                        "hexrekey", "textkey", "textrekey"};
    size_t n;

    for (n = 0; n < sizeof(names) / sizeof(*names); n++)
        if (ascii_is(pragma, strlen(pragma), names[n]))
            return true;
    return false;
}

static int authorize(void *arg, int action, const char *one, const char *two, const char *three,
                     const char *four)
{
    struct understood *it = arg;

    (void)three;
    (void)four;
    if (action == SQLITE_FUNCTION) {
        it->call |= two && !strcmp(two, "hunter2");
        return SQLITE_OK;
    }
    it->pragma |= action == SQLITE_PRAGMA && one && two && is_of_a_key(one);
    it->attach |= action == SQLITE_ATTACH;
    return SQLITE_DENY;
}

static void hunter2(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)context;
    (void)argc;
    (void)argv;
}

/* The first statement of the text, which is made that one alone. */
static struct understood understand(char *sql)
{
    static struct understood it;
    static sqlite3 *db;
    sqlite3_stmt *stmt = NULL;
    const char *tail = NULL;

    if (!db) {
        fuzz_require(!sqlite3_open(":memory:", &db), "no SQLite");
        fuzz_require(
            !sqlite3_create_function(db, "hunter2", 0, SQLITE_UTF8, NULL, hunter2, NULL, NULL),
            "no function");
        sqlite3_set_authorizer(db, authorize, &it);
    }
    it = (struct understood){false, false, false};
    (void)sqlite3_prepare_v2(db, sql, -1, &stmt, &tail);
    sqlite3_finalize(stmt);
    if (tail)
        sql[tail - sql] = '\0';
    return it;
}

static void check_same_when_cut(const char *sql, size_t shown)
{
    char *cut = strndup(sql, shown);

    fuzz_require(!cut || rst_ext_without_key(cut) <= shown, "more of a part than of the whole");
    free(cut);
}

static void check_added(const char *sql)
{
    size_t length = strlen(sql);
    char *added = malloc(length + sizeof(ADDED));

    if (added) {
        memcpy(added, sql, length);
        memcpy(added + length, ADDED, sizeof(ADDED));
        if (understand(added).call)
            fuzz_require(rst_ext_without_key(added) <= length + strlen("\nKEY"), "a key: %s",
                         added);
    }
    free(added);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *sql = malloc(size + 1);
    struct understood it;
    size_t shown;

    if (!sql)
        return 0;
    if (size)
        memcpy(sql, data, size);
    sql[size] = '\0';
    shown = rst_ext_without_key(sql);
    fuzz_require(shown <= strlen(sql), "more than the statement");
    check_same_when_cut(sql, shown);
    it = understand(sql);
    shown = rst_ext_without_key(sql);
    fuzz_require(!it.pragma || shown < strlen(sql), "a key: %s", sql);
    if (it.pragma) {
        sql[shown] = '\0';
        fuzz_require(!understand(sql).pragma, "a key is left: %s", sql);
    } else if (it.attach) {
        fuzz_require(!rst_ext_attaches("") && rst_ext_attaches(sql), "no ATTACH: %s", sql);
        check_added(sql);
    }
    free(sql);
    return 0;
}
