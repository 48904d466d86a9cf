/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * An audit plugin for MariaDB: its settings, its status, and what the server reports, which becomes
 * calls of the mirror. See roster-mariadb(7).
 */
#include "mariadb/connections.h"
#include "mariadb/endpoint.h"
#include "mariadb/kill.h"
#include "mariadb/mirror.h"
#include "mariadb/server.h"

#include <mysql/plugin.h>
#include <mysql/plugin_audit.h>
#include <string.h>

/* Bits of thd_test_options(), the same in all releases. */
#define OPTION_NOT_AUTOCOMMIT (1LL << 19)
#define OPTION_BEGIN (1LL << 20)

#define MOST_TEXT (1U << 20)

static struct rst_mdb_endpoint endpoint;
static unsigned text_limit;
static char values;

static bool is_name(const char *name, size_t length, const char *known)
{
    return strlen(known) == length && memcmp(known, name, length) == 0;
}

/* The server's "Query" is ROSTER_COMMAND_QUERY, because both have the protocol's numbers. */
static enum roster_command command_of(const char *name, size_t length)
{
    uint32_t number;

    for (number = 0; number < ROSTER_COMMANDS; number++) {
        if (is_name(name, length, roster_command_name(number)))
            return (enum roster_command)number;
    }
    return ROSTER_COMMAND_OTHER;
}

/* Logged like commands, but reported as connections too, which is what is mirrored. */
static bool is_command(const char *name, size_t length)
{
    return !is_name(name, length, "Connect") && !is_name(name, length, "Quit") && length > 0;
}

static void general(MYSQL_THD thd, const struct mysql_event_general *event)
{
    long long options = thd_test_options(thd, OPTION_BEGIN | OPTION_NOT_AUTOCOMMIT);
    const char *name = event->general_command;
    size_t length = event->general_command_length;
    struct rst_mdb_event out = {
        .id = event->general_thread_id,
        .query_id = event->query_id,
        .statement = {event->general_query, event->general_query_length},
        .database = {event->database.str, event->database.length},
        .account = {event->general_user, event->general_user_length},
        .error = (unsigned)event->general_error_code,
        .begun = (options & OPTION_BEGIN) != 0,
        .autocommit = !(options & OPTION_NOT_AUTOCOMMIT),
        .read_only = thd_tx_is_read_only(thd) != 0,
    };

    switch (event->event_subclass) {
    case MYSQL_AUDIT_GENERAL_LOG:
        out.command = command_of(name, length);
        if (is_command(name, length))
            rst_mdb_begin(&out);
        break;
    case MYSQL_AUDIT_GENERAL_RESULT:
        rst_mdb_end_all(&out);
        break;
    case MYSQL_AUDIT_GENERAL_STATUS:
        out.command = command_of(name, length);
        if (is_name(name, length, "Change user"))
            rst_mdb_change_user(&out);
        rst_mdb_end(&out);
        break;
    default:
        break;
    }
}

static void table(MYSQL_THD thd, const struct mysql_event_table *event)
{
    long long options = thd_test_options(thd, OPTION_BEGIN | OPTION_NOT_AUTOCOMMIT);
    struct rst_mdb_event out = {
        .id = event->thread_id,
        .query_id = event->query_id,
        .database = {event->database.str, event->database.length},
        .begun = (options & OPTION_BEGIN) != 0,
        .autocommit = !(options & OPTION_NOT_AUTOCOMMIT),
        .read_only = event->read_only != 0,
    };

    if (event->event_subclass == MYSQL_AUDIT_TABLE_LOCK)
        rst_mdb_table(&out);
}

/* What is empty is not known. */
static struct rst_mdb_text known(const char *text, size_t length)
{
    struct rst_mdb_text out = {length ? text : NULL, length};

    return out;
}

static void connection(const struct mysql_event_connection *event)
{
    struct rst_mdb_who who = {
        .user = known(event->user, event->user_length),
        .host = event->host_length ? known(event->host, event->host_length)
                                   : known(event->ip, event->ip_length),
        .database = known(event->database.str, event->database.length),
    };

    switch (event->event_subclass) {
    case MYSQL_AUDIT_CONNECTION_CONNECT:
        if (event->status == 0)
            rst_mdb_connect(event->thread_id, &who);
        break;
    case MYSQL_AUDIT_CONNECTION_DISCONNECT:
        rst_mdb_disconnect(event->thread_id);
        break;
    default:
        break;
    }
}

static void notify(MYSQL_THD thd, unsigned int class, const void *event)
{
    if (class == MYSQL_AUDIT_GENERAL_CLASS)
        general(thd, event);
    if (class == MYSQL_AUDIT_TABLE_CLASS)
        table(thd, event);
    if (class == MYSQL_AUDIT_CONNECTION_CLASS)
        connection(event);
}

/* How far init() came: the server calls deinit() also after one that failed. */
static bool has_roster, has_killer;

/* [build] */
/* The server has what was installed last, of either package. */
static int check_library(void)
{
    static const struct roster_build build = ROSTER_BUILD_INIT;
    const char *differs;

    if (!roster_build_check(&build, &differs))
        return 0;
    return rst_mdb_refuse("this plugin of version " ROSTER_PLUGIN_VERSION
                          " does not fit the libroster %s that was found (%s); install both of the "
                          "same release",
                          roster_version(), differs);
}
/* [build] */

static int init(void *unused)
{
    int err;

    (void)unused;
    if (check_library())
        return 1;
    err = rst_mdb_open(text_limit);
    if (err)
        return rst_mdb_refuse("no roster: %s", roster_strerror(err));
    has_roster = true;
    rst_mdb_show_values(values != 0);
    err = rst_mdb_killer_start(rst_mdb_roster());
    if (err)
        return rst_mdb_refuse("no thread for kills: %s", roster_strerror(err));
    has_killer = true;
    return rst_mdb_endpoint_start(&endpoint);
}

static int deinit(void *unused)
{
    int err = 0;

    (void)unused;
    rst_mdb_endpoint_stop();
    if (has_killer)
        rst_mdb_killer_stop();
    if (has_roster)
        err = rst_mdb_close();
    if (err)
        rst_mdb_report("the roster stays: %s", roster_strerror(err));
    has_killer = has_roster = false;
    return err != 0;
}

static void set_values(MYSQL_THD thd, struct st_mysql_sys_var *var, void *to, const void *from)
{
    (void)thd, (void)var;
    memcpy(to, from, sizeof(values));
    rst_mdb_show_values(values != 0);
}

static MYSQL_SYSVAR_STR(status, endpoint.status, PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                        "Where the status endpoint listens: 127.0.0.1:PORT, [::1]:PORT or "
                        "unix:PATH; empty for none",
                        NULL, NULL, NULL);
static MYSQL_SYSVAR_STR(token_file, endpoint.token_file, PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                        "File with the token that clients of the endpoint need to kill over TCP",
                        NULL, NULL, NULL);
static MYSQL_SYSVAR_STR(metrics, endpoint.metrics, PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                        "Where metrics, and nothing else, are served also to other machines: "
                        "IPV4:PORT or [IPV6]:PORT; empty for nowhere",
                        NULL, NULL, NULL);
static MYSQL_SYSVAR_STR(metrics_token_file, endpoint.metrics_token_file,
                        PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                        "File with the token that clients need there", NULL, NULL, NULL);
static MYSQL_SYSVAR_STR(metrics_cert_file, endpoint.metrics_cert_file,
                        PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                        "File with a certificate, to speak TLS there", NULL, NULL, NULL);
static MYSQL_SYSVAR_STR(metrics_key_file, endpoint.metrics_key_file,
                        PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                        "File with the key of that certificate", NULL, NULL, NULL);
static MYSQL_SYSVAR_UINT(text_limit, text_limit, PLUGIN_VAR_READONLY | PLUGIN_VAR_RQCMDARG,
                         "Bytes of a statement that are kept", NULL, NULL, 1024, 16, MOST_TEXT, 1);
static MYSQL_SYSVAR_BOOL(values, values, PLUGIN_VAR_OPCMDARG,
                         "Show statements with the values that were bound to them, and with those "
                         "of a routine's variables",
                         NULL, set_values, 0);

static struct st_mysql_sys_var *settings[] = {
    MYSQL_SYSVAR(status),
    MYSQL_SYSVAR(token_file),
    MYSQL_SYSVAR(metrics),
    MYSQL_SYSVAR(metrics_token_file),
    MYSQL_SYSVAR(metrics_cert_file),
    MYSQL_SYSVAR(metrics_key_file),
    MYSQL_SYSVAR(text_limit),
    MYSQL_SYSVAR(values),
    NULL,
};

static struct roster_stats stats_now(void)
{
    struct roster_stats stats = {.size = sizeof(stats)};

    if (roster_stats(rst_mdb_roster(), &stats))
        memset(&stats, 0, sizeof(stats));
    return stats;
}

static int show_number(struct st_mysql_show_var *var, void *buffer, uint64_t value)
{
    unsigned long long shown = value;

    memcpy(buffer, &shown, sizeof(shown));
    var->type = SHOW_ULONGLONG;
    var->value = buffer;
    return 0;
}

static int show_text(struct st_mysql_show_var *var, void *buffer, const char *shown)
{
    strncpy(buffer, shown ? shown : "", SHOW_VAR_FUNC_BUFF_SIZE - 1);
    var->type = SHOW_CHAR;
    var->value = buffer;
    return 0;
}

#define SHOW_AS(name, show, expression)                                                            \
    static int name(MYSQL_THD thd, struct st_mysql_show_var *var, void *buffer,                    \
                    struct system_status_var *status, enum enum_var_type type)                     \
    {                                                                                              \
        (void)thd, (void)status, (void)type;                                                       \
        return show(var, buffer, expression);                                                      \
    }

SHOW_AS(show_sessions, show_number, stats_now().sessions)
SHOW_AS(show_statements, show_number, stats_now().statements)
SHOW_AS(show_transactions, show_number, stats_now().txns_begun)
SHOW_AS(show_memory, show_number, stats_now().memory)
SHOW_AS(show_errors, show_number, rst_mdb_errors())
SHOW_AS(show_sent, show_number, rst_mdb_kills().sent)
SHOW_AS(show_late, show_number, rst_mdb_kills().late)
SHOW_AS(show_failed, show_number, rst_mdb_kills().failed)
SHOW_AS(show_address, show_text, rst_mdb_endpoint_address())
SHOW_AS(show_metrics, show_text, rst_mdb_endpoint_metrics())

static struct st_mysql_show_var status_variables[] = {
    {"Roster_kills_failed", (void *)show_failed, SHOW_FUNC},
    {"Roster_kills_late", (void *)show_late, SHOW_FUNC},
    {"Roster_kills_sent", (void *)show_sent, SHOW_FUNC},
    {"Roster_memory", (void *)show_memory, SHOW_FUNC},
    {"Roster_metrics_address", (void *)show_metrics, SHOW_FUNC},
    {"Roster_mirror_errors", (void *)show_errors, SHOW_FUNC},
    {"Roster_sessions", (void *)show_sessions, SHOW_FUNC},
    {"Roster_statements", (void *)show_statements, SHOW_FUNC},
    {"Roster_status_address", (void *)show_address, SHOW_FUNC},
    {"Roster_transactions", (void *)show_transactions, SHOW_FUNC},
    {NULL, NULL, SHOW_UNDEF},
};

static struct st_mysql_audit descriptor = {
    .interface_version = MYSQL_AUDIT_INTERFACE_VERSION,
    .event_notify = notify,
    .class_mask = {MYSQL_AUDIT_GENERAL_CLASSMASK | MYSQL_AUDIT_CONNECTION_CLASSMASK |
                   MYSQL_AUDIT_TABLE_CLASSMASK},
};

/* clang-format off */
maria_declare_plugin(roster)
{
    MYSQL_AUDIT_PLUGIN,
    &descriptor,
    "ROSTER",
    "The Roster developers",
    "Shows and ends connections, statements and transactions without a lock",
    PLUGIN_LICENSE_GPL,
    init,
    deinit,
    0x0001,
    status_variables,
    settings,
    ROSTER_PLUGIN_VERSION,
    MariaDB_PLUGIN_MATURITY_EXPERIMENTAL,
}
maria_declare_plugin_end;
/* clang-format on */
