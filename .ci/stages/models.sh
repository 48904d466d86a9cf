# shellcheck shell=bash
# shellcheck disable=SC2154 # counts is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# All models with all their mutants, for a change without the searches that take longest. Each search
# and each mutant is a test.

stage_models() {
    local output status=0
    install_packages build check
    configure_all "$work/beside"
    output=$(build_in "$work/beside" check-model MODEL_FLAGS="${model_flags---quick}") || status=$?
    printf '%s\n' "$output"
    awk '$5 == "verified" || $3 == "passed" { passed++ }
         (/mutants refuted/ || $3 == "passed") && match($0, /[0-9]+\/[0-9]+/) {
             split(substr($0, RSTART, RLENGTH), n, "/")
             passed += n[1]
             failed += n[2] - n[1]
         }
         /^SURPRISE/ { failed += !failed }
         END { print passed + 0, failed + 0, 0 }' <<<"$output" >"$counts"
    return "$status"
}
