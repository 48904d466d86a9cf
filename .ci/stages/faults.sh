# shellcheck shell=bash
# shellcheck disable=SC2154 # counts is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Real servers on real stores, killed, frozen, cut off; see tests/fault.

stage_faults() {
    local status=0
    install_packages build check
    configure_all build
    build_in build
    test_in build check-faults || status=$?
    count_results build >"$counts"
    return "$status"
}
