# shellcheck shell=bash
# shellcheck disable=SC2154 # counts is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The library broken on purpose, one place at a time: the test that each mutant names must fail. Each
# mutant is a test. Those that only ThreadSanitizer can kill are part of the thread stage.

check_mutants() {
    local output status=0
    install_packages build check
    configure_all build
    build_in build
    output=$(build_in build check-mutants MUTANTS="$1") || status=$?
    printf '%s\n' "$output"
    awk '/ mutants killed, / { print $1, $4, 0 }' <<<"$output" >"$counts"
    return "$status"
}

stage_mutants() {
    check_mutants quick
}

stage_all-mutants() {
    check_mutants ''
}
