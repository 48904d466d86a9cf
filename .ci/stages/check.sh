# shellcheck shell=bash
# shellcheck disable=SC2154 # work and counts are set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What a newcomer runs first, then a release made from it.

stage_check() {
    local status=0
    install_packages bench ci # so that no test of the bench, the page or the manual is left out
    forget_results build
    ./quickstart check || status=$?
    count_results build >"$counts"
    return "$status"
}

# With what the check has built, but for sqlite's, which is built in what time the others wait. Each counts
# its own checks, and fails when one does.
stage_quickstart() {
    local status=0
    nice -n 5 ./quickstart sqlite >"$work/quickstart-sqlite" 2>&1 &
    sqlite=$!
    trap 'kill "$sqlite"' EXIT
    ./quickstart && tests/kv/stay.sh && ./quickstart --etcd || status=$?
    wait "$sqlite" || status=$?
    trap - EXIT
    cat "$work/quickstart-sqlite"
    return "$status"
}

# Whether a release has every file, which is what a change forgets.
stage_dist() {
    local dir=$work/dist
    install_packages build check bench ci # as for the check, which goes on in that directory
    configure_all build
    mkdir "$dir"
    build_in build distdir distdir="$dir/release"
    git ls-files | grep -vE '^(\.ci|debian)/|/?\.gitignore$' |
        while read -r file; do
            [ -e "$dir/release/$file" ] || echo "$file"
        done | tee "$dir/missing"
    [ ! -s "$dir/missing" ] || die "these files are not in a release; see EXTRA_DIST"
    ROSTER_SRCDIR=$dir/release TMPDIR=$dir "$dir/release/tests/guide/mentions.sh"
    rm -rf "$dir"
}

# Whether it is complete, not whether it is fast: what the compiler makes of it, others look at.
stage_distcheck() {
    configure_in "$work/distcheck"
    build_in "$work/distcheck" distcheck DISTCHECK_CONFIGURE_FLAGS="CFLAGS=-O0 --enable-werror" \
        TESTS="tests/library/exports.sh tests/library/headers.sh tests/unit/base/test_version"
}

# The same release of the same commit, and libraries that keep what they promised.
stage_release() {
    install_packages build ci
    scripts/dist-check.sh
    configure_in build
    build_in build check-abi
    TOP_K_SESSIONS=100000 build_in build check TESTS=tests/status/top_k.sh
}

# The Debian packages build, have no errors, install, work and go away.
stage_package() {
    scripts/package-check.sh
}

# The example server against clients from npm, and the SQLite extension in programs from there. A Node.js from elsewhere will do: Debian's npm refuses
# to be installed beside it.
stage_clients() {
    install_packages build check
    command -v npm >/dev/null || install_packages node
    configure_in build
    build_in build check-clients
    build_in build check-npm
}

# The operator's drill: the documented signs appear, the documented commands end the incidents.
stage_drill() {
    install_packages build check
    configure_in build
    build_in build check-drill
}

# The status page in a browser, with what npm has to drive it.
stage_page() {
    install_packages build check ci
    command -v npm >/dev/null || install_packages node
    configure_in build
    build_in build check-page
}

# A MariaDB server with a plugin that mirrors it, compared with itself.
stage_mariadb() {
    install_packages build mariadb
    configure_in build
    build_in build check-mariadb
}
