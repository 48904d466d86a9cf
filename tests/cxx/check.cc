/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster.hpp: everything ends with its scope, moves leave nothing behind, errors compare with the
 * standard's, and no object is needed to find that out but the library's own counts.
 */
#include <roster/roster.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

using namespace roster_cxx;

static_assert(std::is_nothrow_move_constructible_v<Session>);
static_assert(std::is_nothrow_move_assignable_v<Transaction>);
static_assert(!std::is_copy_constructible_v<Session>);
static_assert(!std::is_copy_constructible_v<Transaction>);
static_assert(!std::is_copy_constructible_v<Statement>);
static_assert(!std::is_copy_constructible_v<ReadLock> && !std::is_move_constructible_v<ReadLock>);

static int wrong;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::printf("WRONG: line %d: %s\n", __LINE__, #condition);                             \
            wrong++;                                                                               \
        }                                                                                          \
    } while (0)

static std::uint64_t sessions(const Roster &roster)
{
    struct roster_stats stats;

    CHECK(!roster.stats(stats));
    return stats.sessions;
}

static roster_holder_kind holder(Roster &roster)
{
    roster_min min;

    CHECK(!roster.advance_minimum(min));
    return min.holder.kind;
}

static void check_errors()
{
    const std::error_code busy = error(-EBUSY);

    CHECK(!error(0) && !error(7));
    CHECK(busy && busy.value() == EBUSY && busy == std::errc::device_or_resource_busy);
    CHECK(busy.message() == roster_strerror(-EBUSY));
    CHECK(std::strcmp(busy.category().name(), "roster") == 0);
    CHECK(error(-ESTALE) == std::error_condition(ESTALE, std::generic_category()));
    CHECK(error(-ESTALE) != busy);
}

static void check_roster()
{
    Roster roster, other;
    Session session;
    roster_options options = ROSTER_OPTIONS_INIT;

    options.size = 1;
    CHECK(Roster::create(roster, &options) == std::errc::invalid_argument && !roster.get());
    CHECK(!Roster::create(roster));
    CHECK(!Session::open(session, roster));
    CHECK(roster.destroy() == std::errc::device_or_resource_busy && roster.get());
    session.close();
    other = std::move(roster);
    CHECK(!roster.get() && other.get());
    CHECK(!other.destroy() && !other.get());
}

static void check_sessions(Roster &roster)
{
    Session kept;

    {
        Session first, second;
        roster_session_attr attr = ROSTER_SESSION_ATTR_INIT;

        CHECK(!Session::open(first, roster) && !Session::open(second, roster));
        CHECK(first.id() != second.id() && sessions(roster) == 2);
        attr.user = "alice";
        CHECK(!second.update(attr));
        attr.id = second.id();
        CHECK(Session::open(first, roster, &attr) == std::errc::file_exists);
        CHECK(first.id() != 0 && sessions(roster) == 2);
        kept = std::move(second);
        CHECK(!second.get());
    }
    CHECK(sessions(roster) == 1);
    kept = Session();
    CHECK(sessions(roster) == 0);
}

static Transaction pass(Transaction txn)
{
    return txn;
}

static void check_transactions(Roster &roster)
{
    Session session, other;
    Transaction again;

    CHECK(!Session::open(session, roster) && !Session::open(other, roster));
    {
        Transaction txn;

        CHECK(!Transaction::begin(txn, session) && txn.start_ts() != 0);
        CHECK(Transaction::begin(again, session) == std::errc::device_or_resource_busy);
        CHECK(holder(roster) == ROSTER_HOLDER_TXN && !txn.check());
        again = pass(std::move(txn));
        CHECK(txn.check() && !again.check());
    }
    CHECK(holder(roster) == ROSTER_HOLDER_TXN);
    CHECK(!Transaction::begin(again, other)); /* ends the one it had */
    CHECK(roster_txn_finish(session.get()) == -EALREADY);
    again = Transaction();
    CHECK(holder(roster) == ROSTER_HOLDER_NONE);
    CHECK(Transaction::begin_at(again, session, 1) ==
          std::error_condition(ESTALE, std::generic_category()));
    CHECK(!Transaction::begin_at(again, session, roster.safe_point()));
    CHECK(again.start_ts() == roster.safe_point());
}

static void check_statements(Roster &roster)
{
    Session session;
    Statement statement;

    CHECK(!Session::open(session, roster));
    CHECK(roster.kill(session.id(), ROSTER_KILL_TARGET_STATEMENT) ==
          std::errc::no_such_file_or_directory);
    CHECK(!Statement::begin(statement, session, ROSTER_COMMAND_QUERY, "select 1", "digest"));
    CHECK(roster.kill(99999, ROSTER_KILL_TARGET_STATEMENT) == std::errc::no_such_process);
    CHECK(session.killed() == 0);
    CHECK(!roster.kill(session.id(), ROSTER_KILL_TARGET_STATEMENT));
    CHECK(session.killed() == ROSTER_KILL_REASON_INTERRUPTED);
    CHECK(statement.end() == ROSTER_KILL_REASON_INTERRUPTED && statement.end() == 0);
    {
        Statement inner;

        CHECK(!Statement::begin(inner, session, ROSTER_COMMAND_QUERY, {}));
        statement = std::move(inner);
        CHECK(inner.end() == 0);
    }
    CHECK(roster_stmt_begin(session.get(), ROSTER_COMMAND_QUERY, "", 0, "", 0) == -EBUSY);
    statement = Statement();
    CHECK(roster_stmt_end(session.get()) == -EALREADY);
}

static void check_pins(Roster &roster)
{
    Pin outer;

    {
        Pin pin;

        CHECK(!Pin::acquire(pin, roster, ROSTER_PIN_BACKUP) && pin.ts() != 0 && !pin.check());
        outer = std::move(pin);
    }
    CHECK(holder(roster) == ROSTER_HOLDER_PIN);
    CHECK(Pin::acquire(outer, roster, ROSTER_PIN_CURSOR, 1) && outer.get());
    outer.release();
    CHECK(holder(roster) == ROSTER_HOLDER_NONE);
}

static void check_lists(Roster &roster)
{
    std::vector<Session> all(10);
    ReadLock lock;
    Snapshot snapshot;
    roster_copy copy;
    int seen = 0, copied = 0;

    for (Session &session : all)
        CHECK(!Session::open(session, roster));
    CHECK(!ReadLock::enter(lock, roster));
    CHECK(lock.for_each([&](const roster_session &, const roster_shown &) { seen++; }));
    CHECK(seen == 10);
    CHECK(
        !lock.for_each([&](const roster_session &, const roster_shown &) { return ++seen < 13; }));
    CHECK(seen == 13);
    CHECK(lock.lookup(all[3].id()) == all[3].get() && !lock.lookup(99999));
    CHECK(ReadLock::look(*all[3].get(), copy).txn_state == ROSTER_TXN_INVALID);
    CHECK(roster.destroy() == std::errc::device_or_resource_busy);
    lock.leave();
    CHECK(!Snapshot::take(snapshot, roster));
    all.clear();
    for (const roster_entry &entry : snapshot)
        copied += entry.id != 0;
    CHECK(copied == 10 && snapshot.size() == 10);
    CHECK(!snapshot.again(roster) && snapshot.size() == 0);
    snapshot = Snapshot();
    CHECK(!snapshot.again(roster) && snapshot.get());
}

static void check_watchdog(Roster &roster)
{
    roster_watchdog_options options = ROSTER_WATCHDOG_OPTIONS_INIT;
    Watchdog watchdog;

    options.interval_ms = ROSTER_WATCHDOG_MANUAL;
    CHECK(!Watchdog::start(watchdog, roster, &options) && !watchdog.run_once());
    CHECK(roster.destroy() == std::errc::device_or_resource_busy);
    watchdog.stop();
    CHECK(watchdog.run_once() == std::errc::invalid_argument);
}

int main()
{
    Roster roster;

    check_errors();
    check_roster();
    CHECK(!Roster::create(roster));
    check_sessions(roster);
    check_transactions(roster);
    check_statements(roster);
    check_pins(roster);
    check_lists(roster);
    check_watchdog(roster);
    CHECK(sessions(roster) == 0 && !roster.drain());
    CHECK(!roster.destroy());
    return wrong != 0;
}
