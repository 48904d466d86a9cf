# shellcheck shell=bash
# shellcheck disable=SC2154 # work and counts are set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The other release of Debian that is supported, from nothing.

stage_debian13() {
    local dir=$work/debian13 status=0
    install_packages debian
    scripts/debian-check.sh trixie "$dir" || status=$?
    count_results "$dir/root/roster" >"$counts"
    rm -rf "$dir"
    return "$status"
}
