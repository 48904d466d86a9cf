/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * First steps in C++: each object ends with its scope.
 */
#include <iostream>
#include <roster/roster.hpp>

using namespace roster_cxx;

/* [transaction] */
static std::error_code read_something(Session &session)
{
    Transaction txn;

    if (auto error = Transaction::begin(txn, session))
        return error;
    std::cout << "begun at " << txn.start_ts() << '\n';
    /* ... here a server reads the newest versions at or below that ... */
    return txn.check();
} /* the transaction is finished here, also after an error */
/* [transaction] */

/* [main] */
int main()
{
    Roster roster;
    Session session; /* closed before the roster is destroyed */

    auto error = Roster::create(roster);
    if (!error)
        error = Session::open(session, roster);
    if (!error)
        error = read_something(session);
    if (error)
        std::cerr << error.message() << '\n';
    return error ? 1 : 0;
}
/* [main] */
