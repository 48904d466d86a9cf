# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Sourced by what measures something that has a limit: a figure above it makes the script fail.

over=0

# within WHAT MEASURED LIMIT UNIT: prints all of them. What was not measured is over its limit, too.
within() {
    local verdict=holds
    if ! awk -v measured="$2" -v limit="$3" \
        'BEGIN { exit !(measured ~ /^-?[0-9]+([.][0-9]+)?$/ && measured + 0 <= limit + 0) }'; then
        verdict=WRONG
        over=$((over + 1))
    fi
    echo "  $verdict: $1: ${2:-not measured} $4, the limit is $3"
}

# limits_hold: for the end of the script.
limits_hold() {
    [ "$over" -eq 0 ] && return
    echo "$over figures are above their limits"
    return 1
}

# shares MICROSECONDS BEFORE AFTER: the files have lines of a thread's name and the nanoseconds that it has
# worked. Prints each name with the percentage of a processor in between, and that of all. Fails where the
# threads of the two are not the same ones: then it is not known what they took.
shares() {
    awk -v us="$1" '
        FILENAME == ARGV[1] { before[$1] += $2; count[$1]++; next }
        { after[$1] += $2; count[$1]-- }
        END {
            for (name in count) {
                if (count[name])
                    exit 1
                share = (after[name] - before[name]) / us / 10
                sum += share
                printf "%s %.2f\n", name, share
            }
            if (!NR)
                exit 1
            printf "all %.2f\n", sum
        }' "$2" "$3"
}

# share_of NAME: of what shares() has printed.
share_of() {
    awk -v name="$1" '$1 == name { print $2 }'
}
