# shellcheck shell=bash
# shellcheck disable=SC2154 # counts is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The documentation with everything that looks into it, and whether it tells the truth about errors.

stage_doc() {
    local status=0
    install_packages build check doc
    configure_in build
    build_in build doc
    forget_results build
    build_in build VERBOSE=1 check check_PROGRAMS= check_LIBRARIES= \
        TESTS="tests/guide/html.sh tests/guide/man.sh tests/guide/snippets.sh" || status=$?
    count_results build >"$counts"
    return "$status"
}

stage_errnos() {
    install_packages build check
    configure_all build
    build_in build check-errnos
}
