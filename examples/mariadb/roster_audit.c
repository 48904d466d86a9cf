/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * An audit plugin for MariaDB: every connection that begins after it was loaded is mirrored in a
 * roster, with what it executes. The roster is read by roster_processlist(), see processlist.c.
 */
#include "mirror.h"

#include <mysql/plugin.h>
#include <mysql/plugin_audit.h>
#include <string.h>

static int is_name(const char *name, size_t length, const char *known)
{
    return strlen(known) == length && memcmp(known, name, length) == 0;
}

/* The server's "Query" is ROSTER_COMMAND_QUERY, because both have the protocol's numbers. */
static enum roster_command command_of(const char *name, size_t length)
{
    uint32_t number;

    for (number = 0; number < ROSTER_COMMAND_OTHER; number++) {
        if (is_name(name, length, roster_command_name(number)))
            return (enum roster_command)number;
    }
    return ROSTER_COMMAND_OTHER;
}

/* Logged like commands, but reported as connections too, which is what is mirrored. */
static int is_command(const char *name, size_t length)
{
    return !is_name(name, length, "Connect") && !is_name(name, length, "Quit") && length > 0;
}

static void general(const struct mysql_event_general *event)
{
    struct mirror_text query = {event->general_query, event->general_query_length};
    struct mirror_text database = {event->database.str, event->database.length};
    struct mirror_text user = {event->general_user, event->general_user_length};
    const char *name = event->general_command;
    size_t length = event->general_command_length;

    if (event->event_subclass == MYSQL_AUDIT_GENERAL_LOG && is_command(name, length))
        mirror_begin(event->general_thread_id, command_of(name, length), query);
    if (event->event_subclass != MYSQL_AUDIT_GENERAL_STATUS)
        return;
    if (is_name(name, length, "Change user"))
        mirror_user(event->general_thread_id, user);
    mirror_end(event->general_thread_id, database);
}

/* What is empty is not known. */
static struct mirror_text known(const char *text, size_t length)
{
    struct mirror_text out = {length ? text : NULL, length};

    return out;
}

static void connection(const struct mysql_event_connection *event)
{
    struct mirror_who who = {
        .user = known(event->user, event->user_length),
        .host = event->host_length ? known(event->host, event->host_length)
                                   : known(event->ip, event->ip_length),
        .database = known(event->database.str, event->database.length),
    };

    switch (event->event_subclass) {
    case MYSQL_AUDIT_CONNECTION_CONNECT:
        if (event->status == 0)
            mirror_connect(event->thread_id, &who);
        break;
    case MYSQL_AUDIT_CONNECTION_DISCONNECT:
        mirror_disconnect(event->thread_id);
        break;
    default:
        break;
    }
}

static void notify(MYSQL_THD thd, unsigned int class, const void *event)
{
    (void)thd;
    if (class == MYSQL_AUDIT_GENERAL_CLASS)
        general(event);
    if (class == MYSQL_AUDIT_CONNECTION_CLASS)
        connection(event);
}

static int init(void *unused)
{
    (void)unused;
    return mirror_open() != 0;
}

static int deinit(void *unused)
{
    (void)unused;
    return mirror_close() != 0;
}

static struct roster_stats stats_now(void)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    if (roster_stats(mirror_roster(), &stats))
        memset(&stats, 0, sizeof(stats));
    return stats;
}

static int show(struct st_mysql_show_var *var, void *buffer, uint64_t value)
{
    unsigned long long shown = value;

    memcpy(buffer, &shown, sizeof(shown));
    var->type = SHOW_ULONGLONG;
    var->value = buffer;
    return 0;
}

static int show_sessions(MYSQL_THD thd, struct st_mysql_show_var *var, void *buffer,
                         struct system_status_var *status, enum enum_var_type type)
{
    (void)thd, (void)status, (void)type;
    return show(var, buffer, stats_now().sessions);
}

static int show_statements(MYSQL_THD thd, struct st_mysql_show_var *var, void *buffer,
                           struct system_status_var *status, enum enum_var_type type)
{
    (void)thd, (void)status, (void)type;
    return show(var, buffer, stats_now().statements);
}

static int show_errors(MYSQL_THD thd, struct st_mysql_show_var *var, void *buffer,
                       struct system_status_var *status, enum enum_var_type type)
{
    (void)thd, (void)status, (void)type;
    return show(var, buffer, mirror_errors());
}

static struct st_mysql_show_var status_variables[] = {
    {"Roster_sessions", (void *)show_sessions, SHOW_FUNC},
    {"Roster_statements", (void *)show_statements, SHOW_FUNC},
    {"Roster_mirror_errors", (void *)show_errors, SHOW_FUNC},
    {NULL, NULL, SHOW_UNDEF},
};

static struct st_mysql_audit descriptor = {
    .interface_version = MYSQL_AUDIT_INTERFACE_VERSION,
    .event_notify = notify,
    .class_mask = {MYSQL_AUDIT_GENERAL_CLASSMASK | MYSQL_AUDIT_CONNECTION_CLASSMASK},
};

/* clang-format off */
maria_declare_plugin(roster)
{
    MYSQL_AUDIT_PLUGIN,
    &descriptor,
    "ROSTER",
    "The Roster developers",
    "Mirrors connections and statements in a lock-free list",
    PLUGIN_LICENSE_GPL,
    init,
    deinit,
    0x0001,
    status_variables,
    NULL,
    ROSTER_PLUGIN_VERSION,
    MariaDB_PLUGIN_MATURITY_EXPERIMENTAL,
}
maria_declare_plugin_end;
/* clang-format on */
