# shellcheck shell=bash
# shellcheck disable=SC2154 # work and counts are set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# All tests with another compiler or another build.

# check_build NAME [CONFIGURE-OPTION...]: build, test and count in a directory of its own.
check_build() {
    local dir=$work/$1 status=0
    shift
    install_packages build check ci
    configure_in "$dir" --with-criterion "$@"
    build_in "$dir"
    test_in "$dir" || status=$?
    count_results "$dir" >"$counts"
    failed_results "$dir"
    rm -rf "$dir"
    return "$status"
}

stage_clang() {
    check_build clang CC=clang CXX=clang++
}

stage_debug() {
    check_build debug --enable-debug
}

stage_address-undefined() {
    check_build address-undefined --enable-sanitizer=address,undefined
}

stage_thread() {
    check_build thread --enable-sanitizer=thread
}

stage_thread-clang() {
    check_build thread-clang --enable-sanitizer=thread CC=clang CXX=clang++
}
