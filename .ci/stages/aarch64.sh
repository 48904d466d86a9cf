# shellcheck shell=bash
# shellcheck disable=SC2154 # counts and work are set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The core on another processor, emulated. A foreign architecture is for the machine's owner to add,
# so without it this is skipped.

stage_aarch64() {
    local output status=0
    install_packages build
    configure_in build
    output=$(scripts/cross-check.sh "$work/aarch64") || status=$?
    printf '%s\n' "$output"
    if [ "$status" -eq 77 ]; then
        echo "0 0 1" >"$counts"
        return 0
    fi
    awk '/ passed, .* failed on / { print $1, $3, 0 }' <<<"$output" >"$counts"
    return "$status"
}
