# shellcheck shell=bash
# shellcheck disable=SC2154 # counts is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The torture must catch a core whose guarantees are broken on purpose. Each control is a test.

stage_controls() {
    local output status=0
    install_packages build
    configure_in build
    build_in build
    output=$(build_in build check-controls) || status=$?
    printf '%s\n' "$output"
    awk '/ caught after / { caught++ }
         / failures$/ { failed = $3 }
         END { print caught + 0, failed + 0, 0 }' <<<"$output" >"$counts"
    return "$status"
}
