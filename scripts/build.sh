# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Configuring and building in a directory of its own. A step may have been interrupted anywhere, so
# that a file of it exists says nothing: each step leaves a stamp as its last act.

jobs=$(nproc 2>/dev/null || echo 1)

# bootstrap_once: where it was not done to its end. A release has the stamp.
bootstrap_once() {
    if ! [ -x configure ] || ! [ -e build-aux/stamp-bootstrap ]; then
        step "bootstrapping" ./bootstrap
    fi
}

# find_sources: sets $sources to where configure is. Sources that are configured in place exclude a
# build beside them, for which make would take their objects; then it is a copy of them, without what
# was built there.
find_sources() {
    sources=$PWD
    [ -e config.status ] || return 0
    sources=$PWD/build-sources
    [ -e stamp-configured ] ||
        step "completing the configuration in the sources, which was interrupted" ./config.status
    step "copying the sources, which are configured in place, to build-sources" \
        make distdir distdir=build-sources
}

# configure_in DIRECTORY [CONFIGURE-OPTION...]: bootstrap and configure, where not done yet. By the
# system's shell, which libtool then uses too: dash takes half of bash's time for each of its calls.
configure_in() {
    local dir=$1 sources
    shift
    bootstrap_once
    find_sources
    # The stamp holds the path of the sources, so a copy or another place of a tree has none.
    if ! [ "$(cat "$dir/stamp-configured" 2>/dev/null)" -ef "$sources" ]; then
        mkdir -p "$dir"
        step "configuring in $dir" env -C "$dir" CONFIG_SHELL=/bin/sh \
            /bin/sh "$sources/configure" "$@"
    fi
}

# configure_all DIRECTORY: what the packages provide must really be found, or something would
# silently be left out.
configure_all() {
    configure_in "$1" --with-criterion --with-libuv --with-hiredis --with-sqlite --with-curl \
        --with-jansson --with-microhttpd --with-ncurses --with-rocksdb
}

# make_in DIRECTORY JOBS [ARGUMENT...]: make removes what it was interrupted in, but not when it is
# killed itself. Then the stamp stays, and nothing there can be relied upon.
make_in() (
    dir=$1 at_once=$2 status=0
    shift 2
    trap : INT TERM HUP # make ends of them, and the stamp goes
    if [ -e "$dir/stamp-making" ]; then
        step "cleaning $dir, where a build was killed" make -C "$dir" clean
    fi
    : >"$dir/stamp-making"
    make -C "$dir" -j"$at_once" --no-print-directory "$@" || status=$?
    [ "$status" -eq 137 ] || rm -f "$dir/stamp-making"
    exit "$status"
)

# build_in DIRECTORY [TARGET...]
build_in() {
    say "building in $1"
    make_in "$1" "$jobs" "${@:2}"
}

# test_in DIRECTORY [TARGET]: make check, with the output of failed tests shown. Tests wait for half of
# their time, for servers and for leases that end, so there are two more than processors.
test_in() {
    forget_results "$1"
    say "testing in $1"
    make_in "$1" $((jobs + 2)) VERBOSE=1 "${2:-check}"
}
