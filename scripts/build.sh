# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Configuring and building in a directory of its own.

jobs=$(nproc 2>/dev/null || echo 1)

# configure_in DIRECTORY [CONFIGURE-OPTION...]: bootstrap and configure, where not done yet. By the
# system's shell, which libtool then uses too: dash takes half of bash's time for each of its calls.
configure_in() {
    local dir=$1 root=$PWD
    shift
    if [ ! -x configure ]; then
        say "bootstrapping"
        ./bootstrap
    fi
    if [ ! -f "$dir/Makefile" ]; then
        say "configuring in $dir"
        mkdir -p "$dir"
        (cd "$dir" && CONFIG_SHELL=/bin/sh /bin/sh "$root/configure" "$@")
    fi
}

# configure_all DIRECTORY: what the packages provide must really be found, or something would
# silently be left out.
configure_all() {
    configure_in "$1" --with-criterion --with-libuv --with-hiredis --with-sqlite --with-curl \
        --with-jansson --with-microhttpd --with-ncurses
}

# build_in DIRECTORY [TARGET...]
build_in() {
    local dir=$1
    shift
    say "building in $dir"
    make -C "$dir" -j"$jobs" --no-print-directory "$@"
}

# test_in DIRECTORY [TARGET]: make check, with the output of failed tests shown. Tests wait for half of
# their time, for servers and for leases that end, so there are two more than processors.
test_in() {
    forget_results "$1"
    say "testing in $1"
    make -C "$1" -j"$((jobs + 2))" --no-print-directory VERBOSE=1 "${2:-check}"
}
