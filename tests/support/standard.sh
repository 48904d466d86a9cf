# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What a program does whose parent has closed its descriptors 0 to 2.

# expect_standard_null COMMAND...: it opens /dev/null there, so that no connection or file gets these.
# It is ended then. Descriptor 9, on which a test may keep its server alive, is not handed down.
expect_standard_null() {
    local pid standard
    "$@" <&- >&- 2>&- 9>&- &
    pid=$!
    for _ in $(seq 100); do
        standard=$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | tr '\n' ' ') || true
        [ "$standard" != "/dev/null /dev/null /dev/null " ] || break
        sleep 0.1
    done
    expect "closed descriptors are /dev/null" "/dev/null /dev/null /dev/null " "$standard"
    kill "$pid"
    wait "$pid" || true
}
