/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "operate.h"

#include <string.h>

#include <criterion/criterion.h>

int operate_oracle_get(void *arg, uint64_t *ts)
{
    struct operate_oracle *oracle = arg;

    if (oracle->err)
        return oracle->err;
    *ts = roster_ts_compose(oracle->physical_ms, ++oracle->logical);
    return 0;
}

struct roster *operate_roster(struct operate_oracle *oracle)
{
    struct roster_options options = ROSTER_OPTIONS_INIT;

    options.tick_ms = ROSTER_TICK_MANUAL;
    if (oracle) {
        options.oracle = operate_oracle_get;
        options.oracle_arg = oracle;
    }
    return unit_roster_with(&options);
}

struct roster_session *operate_open(struct roster *roster, enum roster_session_kind kind,
                                    const char *user)
{
    struct roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;
    struct roster_session *session = NULL;

    attr.kind = kind;
    attr.flags = kind == ROSTER_SESSION_BACKGROUND ? ROSTER_SESSION_KILLABLE : 0;
    attr.user = user;
    cr_assert_eq(roster_session_open(roster, &attr, &session), 0);
    return session;
}

void operate_begin(struct roster_session *session, const char *text)
{
    cr_assert_eq(roster_stmt_begin(session, ROSTER_COMMAND_QUERY, text, strlen(text), NULL, 0), 0);
}

uint64_t operate_advance(struct roster *roster, uint64_t ms)
{
    uint64_t now = rst_ticker_now(&roster->ticker) + ms * OPERATE_MS;

    rst_store(&roster->ticker.now, now);
    return now;
}
