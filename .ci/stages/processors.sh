# shellcheck shell=bash
# shellcheck disable=SC2154 # counts and work are set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Other processors: one in wide use, one with its bytes in the other order, one of 32 bits.

check_processor() {
    local cpu=$1 dir=$work/$1 status=0 sources
    install_packages build "$cpu"
    bootstrap_once
    find_sources
    "$sources/scripts/cross-check.sh" "$cpu" "$dir" || status=$?
    count_results "$dir" >"$counts"
    failed_results "$dir"
    rm -rf "$dir"
    return "$status"
}

stage_aarch64() {
    check_processor aarch64
}

stage_s390x() {
    check_processor s390x
}

stage_i386() {
    check_processor i386
}
