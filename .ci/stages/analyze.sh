# shellcheck shell=bash
# shellcheck disable=SC2154 # work is set by .ci/run
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Two more readers of the sources. clang's analyzer, which scan-build would run, is part of tidy.

# Left out of gcc's: what it says of memory that hangs on a structure it does not follow.
gcc_analyzer=(-fanalyzer -Werror -Wno-analyzer-malloc-leak -Wno-analyzer-null-dereference
    -Wno-analyzer-null-argument -Wno-analyzer-use-of-uninitialized-value)

stage_analyze() {
    install_packages build check bench ci mariadb
    local sources flags
    configure_all "$work/beside"
    mapfile -t sources < <(git ls-files 'src/*.c')
    read -ra flags < <(pkg-config --cflags liburcu-bp liburcu-cds)
    cppcheck --quiet --std=c11 --enable=warning,portability,performance --error-exitcode=1 \
        --suppressions-list=.ci/cppcheck-suppressions --suppress=missingIncludeSystem \
        -DHAVE_CONFIG_H -DHAVE_SQLITE -DHAVE_CURL -DHAVE_JANSSON -D__x86_64__ -Iinclude -Isrc \
        -j "$jobs" src examples/kv examples/resp bench
    printf '%s\0' "${sources[@]}" |
        xargs -0 -P "$jobs" -I FILE gcc -std=gnu11 -D_GNU_SOURCE -DHAVE_CONFIG_H -I"$work/beside" -Iinclude \
            -Isrc -isystem /usr/include/mariadb/server -DMYSQL_DYNAMIC_PLUGIN \
            -DROSTER_PLUGIN_VERSION='"0"' "${flags[@]}" -O1 "${gcc_analyzer[@]}" -c FILE -o /dev/null
}
