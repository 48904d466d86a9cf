#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each fuzz target with the inputs that are kept for it: seeds, and what was once a fault. And a
# target that finds a fault says so.
#
# ROSTER_TEST_EMULATOR: a command that runs programs of another processor.

set -eu

for target in $ROSTER_FUZZ_TARGETS; do
    name=${target##*/fuzz_}
    corpus="$ROSTER_SRCDIR/tests/fuzz/corpus/$name"
    # shellcheck disable=SC2086 # a command and its options
    echo "$name: $(${ROSTER_TEST_EMULATOR-} "$ROSTER_BUILDDIR/$target" "$corpus")"
    [ -n "$(ls "$corpus")" ]
done

# With a core whose checks always succeed the library and the reference must differ.
cd "$ROSTER_BUILDDIR"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2086 # words of a command
$ROSTER_COMPILE -DROSTER_CONTROL_BLIND_CHECK -c "$ROSTER_SRCDIR/src/core/owner/txn_state.c" \
    -o "$work/txn_state.o"
# shellcheck disable=SC2086 # words of a command
$ROSTER_LINK -o "$work/control" tests/fuzz/fuzz_calls."$ROSTER_OBJEXT" \
    tests/fuzz/reference."$ROSTER_OBJEXT" tests/fuzz/driver."$ROSTER_OBJEXT" \
    "$work/txn_state.o" tests/support/sanitizer_options."$ROSTER_OBJEXT" \
    .libs/libroster-core.a $ROSTER_LIBS
# shellcheck disable=SC3045 # every sh here knows it
ulimit -c 0
# shellcheck disable=SC2086 # a command and its options
if ${ROSTER_TEST_EMULATOR-} "$work/control" "$ROSTER_SRCDIR/tests/fuzz/corpus/calls" >"$work/said" 2>&1; then
    echo "the reference misses checks that always succeed"
    exit 1
fi
grep -q ': check: the library says 0, the reference -' "$work/said"
