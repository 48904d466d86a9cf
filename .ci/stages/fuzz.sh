# shellcheck shell=bash
# shellcheck disable=SC2154 # counts is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A quarter of a minute of fuzzing for all targets side by side, for a release two minutes. What was
# ever found is in the corpora, which are run by every check.

stage_fuzz() {
    local output status=0
    install_packages build check ci
    configure_all build
    output=$(build_in build fuzz SECONDS="${fuzz_seconds:-10}") || status=$?
    printf '%s\n' "$output"
    awk '/: nothing found$/ { passed++ } /: FAULT$/ { failed++ }
         END { print passed + 0, failed + 0, 0 }' <<<"$output" >"$counts"
    return "$status"
}
