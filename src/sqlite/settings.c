/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Settings: by the environment when the first connection is opened, later by
 * roster_setting(NAME, VALUE). All are off by default: then nothing is ended, and there is neither
 * a thread nor a socket.
 */
#include "sqlite/extension.h"

#include <stdlib.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

#define MOST_MS UINT64_C(31536000000) /* a year */

struct rst_ext_settings rst_ext_settings;

static const struct setting {
    const char *name, *variable;
    atomic_uint_least64_t *ms;
    atomic_bool *is_on;
} settings[] = {
    {"status", "ROSTER_SQLITE_STATUS", NULL, NULL},
    {"max_read_ms", "ROSTER_SQLITE_MAX_READ_MS", &rst_ext_settings.max_read_ms, NULL},
    {"max_statement_ms", "ROSTER_SQLITE_MAX_STATEMENT_MS", &rst_ext_settings.max_statement_ms,
     NULL},
    {"values", "ROSTER_SQLITE_VALUES", NULL, &rst_ext_settings.values},
    {"unsafe", "ROSTER_SQLITE_UNSAFE", NULL, &rst_ext_settings.unsafe},
};

#define COUNT (sizeof(settings) / sizeof(*settings))

static bool parse_ms(const char *value, uint64_t *ms)
{
    char *end = NULL;

    if (!*value || value[strspn(value, "0123456789")] || strlen(value) > 11)
        return false;
    *ms = strtoull(value, &end, 10);
    return *ms <= MOST_MS;
}

static bool parse_bool(const char *value, bool *is_on)
{
    *is_on = !strcmp(value, "on") || !strcmp(value, "1");
    return *is_on || !strcmp(value, "off") || !strcmp(value, "0");
}

/* Under no lock. Nothing has changed after an error. */
static int set(const struct setting *setting, const char *name, const char *value, char **message)
{
    uint64_t ms = 0;
    bool is_on = false;

    if (setting->ms && !parse_ms(value, &ms)) {
        *message =
            sqlite3_mprintf("roster: %s takes milliseconds, at most a year, not '%s'", name, value);
        return SQLITE_ERROR;
    }
    if (setting->is_on && !parse_bool(value, &is_on)) {
        *message = sqlite3_mprintf("roster: %s is on or off, not '%s'", name, value);
        return SQLITE_ERROR;
    }
    if (!setting->ms && !setting->is_on)
        return rst_ext_endpoint_start(value, message);
    if (ms && rst_ext_background_start(message))
        return SQLITE_ERROR;
    if (setting->ms)
        atomic_store(setting->ms, ms);
    else
        atomic_store(setting->is_on, is_on);
    return SQLITE_OK;
}

int rst_ext_settings_read(char **message)
{
    const char *value;
    int err = SQLITE_OK;
    size_t n;

    for (n = 0; n < COUNT && !err; n++) {
        value = secure_getenv(settings[n].variable);
        if (value && *value)
            err = set(&settings[n], settings[n].variable, value, message);
    }
    return err;
}

static void result(sqlite3_context *context, const struct setting *setting)
{
    if (setting->ms)
        sqlite3_result_int64(context, (sqlite3_int64)atomic_load(setting->ms));
    else if (setting->is_on)
        sqlite3_result_text(context, atomic_load(setting->is_on) ? "on" : "off", -1, SQLITE_STATIC);
    else
        sqlite3_result_text(context, rst_ext_endpoint_address(), -1, SQLITE_TRANSIENT);
}

void rst_ext_setting(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    const char *name = (const char *)sqlite3_value_text(argv[0]);
    const char *value = argc > 1 ? (const char *)sqlite3_value_text(argv[1]) : NULL;
    char *message = NULL;
    size_t n;

    for (n = 0; n < COUNT && (!name || strcmp(settings[n].name, name) != 0); n++)
        ;
    if (n == COUNT)
        message =
            sqlite3_mprintf("roster: there is no setting '%s'; there are status, max_read_ms, "
                            "max_statement_ms, values and unsafe",
                            name ? name : "NULL");
    else if (argc > 1 && !value)
        message = sqlite3_mprintf("roster: %s takes a value, not NULL", name);
    else if (!value || !set(&settings[n], name, value, &message))
        result(context, &settings[n]);
    if (message)
        sqlite3_result_error(context, message, -1);
    sqlite3_free(message);
}
