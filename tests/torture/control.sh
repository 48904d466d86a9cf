# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Building a control: some files of the core compiled anew, linked before the delayed core.

: "${ROSTER_SRCDIR:?run this through make}"
parts=tests/torture

# build_control NAME PROGRAM FILE...: prints the path of the program.
build_control() {
    name=$1 program=$2
    shift 2
    dir=${work:?is set by whoever includes this}/$name
    mkdir -p "$dir" || return
    for file; do
        # shellcheck disable=SC2086 # words of a command
        $ROSTER_COMPILE -DROSTER_TEST_DELAYS "-DROSTER_CONTROL_$name" \
            -c "$ROSTER_SRCDIR/src/core/$file" -o "$dir/$(basename "$file" .c).$ROSTER_OBJEXT" || return
    done
    # shellcheck disable=SC2086 # words of a command
    $ROSTER_LINK -o "$dir/$program" "$parts/$program.$ROSTER_OBJEXT" "$dir"/*."$ROSTER_OBJEXT" \
        "tests/support/sanitizer_options.$ROSTER_OBJEXT" \
        "$parts/libtorture.a" "$parts/libdelayed.a" $ROSTER_LIBS || return
    echo "$dir/$program"
}

# controls: the rows of the table, as "NAME|VIOLATES|FILES|OPTIONS".
controls() {
    sed -n 's/^| \([A-Z0-9_]*\) | \([^|]*\) | \([^|]*\) |[^|]*| \([^|]*\)|$/\1|\2|\3|\4/p' \
        "$ROSTER_SRCDIR/tests/torture/CONTROLS.md"
}
