#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# In a build with a sanitizer run-test fails programs with the faults that it looks for.

set -eu
. "$ROSTER_SRCDIR/tests/harness/expect.sh"
needs_criterion

if [ "$ROSTER_SANITIZER" = none ]; then
    echo "no sanitizer in this build"
    exit 77
fi

case ,$ROSTER_SANITIZER, in *,address,*)
    expect_not_ok 'LeakSanitizer: detected memory leaks' "$programs/test_leaks"
    expect_not_ok 'AddressSanitizer: heap-use-after-free' "$programs/test_uses_after_free"
    ;;
esac
case ,$ROSTER_SANITIZER, in *,undefined,*)
    expect_not_ok 'undefined behaviour: signed integer overflow' "$programs/test_overflows"
    ;;
esac
case ,$ROSTER_SANITIZER, in *,thread,*)
    expect_not_ok 'ThreadSanitizer: data race' "$programs/test_races"
    ;;
esac
expect_ok "$programs/test_passes"

exit "$wrong"
