#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A program that keeps a pointer to what a session shows, as a library that waits for its readers
# would allow, does not compile; the same with looks does.

set -eu

cd "$TMPDIR"
wrong=0

# program BODY: a file that includes it.
program() {
    cat >use.c <<END
#include <roster/roster.h>
extern int each(const struct roster_session *session, const struct roster_shown *shown, void *arg);
extern int old_each(const struct roster_session *session, const struct roster_view *view, void *arg);
uint64_t use(struct roster *roster, const struct roster_session *session);
uint64_t use(struct roster *roster, const struct roster_session *session)
{
    $1
}
END
}

# compiles BODY: whether it does.
compiles() {
    program "$1"
    # shellcheck disable=SC2086 # ROSTER_CC may hold options
    $ROSTER_CC -std=c11 -Werror=incompatible-pointer-types -I"$ROSTER_SRCDIR/include" -c -o use.o \
        use.c 2>out
}

passes() {
    compiles "$1" || { echo "WRONG: does not compile: $1" && cat out && wrong=1; }
}

refuses() {
    if compiles "$1"; then
        echo "WRONG: compiles: $1"
        wrong=1
    fi
}

passes 'struct roster_copy copy; (void)roster;
    return roster_session_look(session, &copy, NULL, 0)->start_ts;'
passes '(void)session; return (uint64_t)roster_for_each(roster, each, NULL);'
refuses 'const struct roster_view *view = roster_session_view(session); return view->start_ts;'
refuses 'struct roster_copy copy; (void)roster;
    const struct roster_view *view = roster_session_look(session, &copy, NULL, 0);
    return view != NULL;'
refuses '(void)session; return (uint64_t)roster_for_each(roster, old_each, NULL);'

exit "$wrong"
