# shellcheck shell=bash
# shellcheck disable=SC2154 # work and counts are set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Tests with another compiler or another build.

# check_build NAME TARGET [CONFIGURE-OPTION...]: build what that target needs, test and count in a directory
# of its own; with --prefix= also install there, and find and use that. Tests link what the shared
# libraries are made of: the objects of archives, a third of all, are compiled by the stages check and core.
check_build() {
    local dir=$work/$1 target=$2 status=0
    shift 2
    install_packages build check ci
    configure_in "$dir" --with-criterion --disable-static "$@"
    test_in "$dir" "$target" || status=$?
    count_results "$dir" >"$counts"
    failed_results "$dir"
    case $* in
    *--prefix=*)
        build_in "$dir" install
        build_in "$dir" installcheck
        ;;
    esac
    rm -rf "$dir"
    return "$status"
}

# With the flags of Debian's packages, but for debug information.
stage_clang() {
    local flags
    flags=$(DEB_BUILD_MAINT_OPTIONS=hardening=+all dpkg-buildflags --get CFLAGS 2>/dev/null) || true
    check_build clang check-compiler CC=clang CXX=clang++ CFLAGS="${flags:--O2} -g0" \
        CPPFLAGS="$(dpkg-buildflags --get CPPFLAGS 2>/dev/null)" --prefix="$work/clang-prefix"
}

# With liburcu and nothing else. What depends on optimization is tested elsewhere.
stage_core() {
    configure_in "$work/core" CFLAGS=-O0 --without-jansson --without-libuv --without-criterion \
        --prefix="$work/core-prefix"
    build_in "$work/core"
    build_in "$work/core" check TESTS="tests/library/versions.sh tests/library/exports.sh \
        tests/guide/programs.sh tests/torture/guarantees"
    build_in "$work/core" install
    build_in "$work/core" installcheck
}

# What all other stages compile at -O0 (tests/tests.am): some of gcc's warnings need the optimizer. On the
# command line these CFLAGS stand before those of single tests, too.
stage_optimized() {
    install_packages build check ci
    configure_in "$work/optimized" --with-criterion --disable-static --enable-werror
    build_in "$work/optimized"
    build_in "$work/optimized" check TESTS= CFLAGS="-O2 -g0"
    rm -rf "$work/optimized"
}

# Sanitizers name lines and functions: -g1 is enough for that and takes a third less of the compiler's
# time than -g3.
# lld links in half of the time of GNU ld, with which the stage check links.

# The checks of who owns a session are in it, which slow it down but hide nothing from these two.
stage_address-undefined-debug() {
    check_build address-undefined-debug check-sanitized --enable-sanitizer=address,undefined \
        --enable-debug CFLAGS="-O1 -g1" LDFLAGS=-fuse-ld=lld
}

stage_thread() {
    check_build thread check-threads --enable-sanitizer=thread CFLAGS="-O1 -g1" LDFLAGS=-fuse-ld=lld
}

stage_thread-clang() {
    check_build thread-clang check-torture --enable-sanitizer=thread CC=clang CXX=clang++ \
        CFLAGS="-O1 -g1"
}

# The table of what the tests reach is the end of the log.
stage_coverage() {
    check_build coverage coverage --enable-coverage
}
