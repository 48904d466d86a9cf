# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What can be told from the sources alone.

stage_shellcheck() {
    install_packages ci
    local scripts
    # A script is told by its first line, with or without a suffix.
    mapfile -t scripts < <(git grep -lE '^#(!.*\b(ba)?sh\b| shellcheck shell=)')
    printf '%s\n' "${scripts[@]}"
    printf '%s\0' "${scripts[@]}" | xargs -0 -n 8 -P "$jobs" shellcheck -x
}

stage_format() {
    install_packages ci
    local sources
    mapfile -t sources < <(git ls-files '*.c' '*.cc' '*.h' '*.hpp')
    printf '%s\n' "${sources[@]}"
    clang-format --version
    printf '%s\0' "${sources[@]}" | xargs -0 -n 40 -P "$jobs" clang-format --dry-run -Werror
}

stage_language() {
    .ci/check-habits language
    .ci/check-habits style
    .ci/check-habits counts
    .ci/check-habits ages
    .ci/check-habits contracts
    .ci/check-habits tests
}

# Tests are left out: Criterion's macros expand to what some checks refuse. One file a run: in a
# run of several the analyzer takes every va_list after the first file for uninitialized. Nearly all of
# the time is the analyzer's, in functions with many paths: a change is looked at an eighth as far as
# a release, for which clang's own bound holds.
stage_tidy() {
    install_packages build check bench ci mariadb
    local sources flags
    configure_all "$work/beside"
    mapfile -t sources < <(git ls-files 'src/*.c' 'examples/*.c' 'bench/*.c')
    read -ra flags < <(pkg-config --cflags liburcu-bp liburcu-cds glib-2.0 lmdb wiredtiger ck)
    printf '%s\0' "${sources[@]}" |
        xargs -0 -P "$jobs" -I FILE clang-tidy --quiet FILE -- -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H \
            -I"$work/beside" -Iinclude -Isrc "${flags[@]}" \
            -Xclang -analyzer-config -Xclang max-nodes="${analyzer_nodes:-28000}" \
            -isystem /usr/include/mariadb/server -DMYSQL_DYNAMIC_PLUGIN \
            -DROSTER_PLUGIN_VERSION='"0"'
}
