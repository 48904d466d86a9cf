#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Compiled with --enable-probes, the core has its static probes, and without it none.

set -eu

cd "$TMPDIR"
printf '#include <sys/sdt.h>\n' >sdt.c
if ! $ROSTER_CC -E sdt.c >/dev/null 2>&1; then
    echo "sys/sdt.h is not there (Debian: systemtap-sdt-dev)"
    exit 77
fi

# probes OPTIONS: the names of the probes in the core when compiled with them.
probes() {
    rm -f ./*.o
    grep -rlE --include='*.c' 'rst_probe[0-9]\(' "$ROSTER_SRCDIR/src/core" | while read -r source; do
        # shellcheck disable=SC2086 # ROSTER_CC and the options may be several words
        $ROSTER_CC $1 -std=gnu11 -D_GNU_SOURCE -O2 -I"$ROSTER_BUILDDIR" -I"$ROSTER_SRCDIR/include" \
            -I"$ROSTER_SRCDIR/src" -c "$source"
    done
    "$ROSTER_READELF" -n ./*.o >notes
    sed -n 's/^ *Name: //p' notes | sort -u
    # A probe names what it tells; one without arguments tells nothing.
    if grep -A3 'Provider: roster' notes | grep -q 'Arguments: *$'; then
        echo "a probe without arguments"
    fi
}

cat >wanted <<END
fence
kill
report
session_close
session_open
txn_begin
txn_finish
END
probes -DROSTER_PROBES=1 >with
diff wanted with
probes -UROSTER_PROBES >without
if grep -q ROSTER_PROBES "$ROSTER_BUILDDIR/config.h" &&
    grep -q '#define ROSTER_PROBES' "$ROSTER_BUILDDIR/config.h"; then
    library=$ROSTER_BUILDDIR/.libs/libroster.so
    "$ROSTER_READELF" -n "$library" | sed -n 's/^ *Name: //p' | sort -u | diff wanted -
else
    diff /dev/null without
fi
echo "probes: $(tr '\n' ' ' <with)"
