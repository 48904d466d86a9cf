# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: compare with LMDB, WiredTiger, plain locks and others, in a few minutes
#
# Sourced by quickstart. Builds in ./build-bench and writes results to ./build-bench/compare.

install_packages build bench
configure_in build-bench --with-glib --with-lmdb --with-wiredtiger --with-ck --with-tbb \
    --with-cuckoo --without-criterion
build_in build-bench bench/roster-bench
leave_tree

commit=$(git describe --always --dirty 2>/dev/null || echo "no git")
say "comparing (commit $commit); an interrupted comparison resumes"
build-bench/bench/roster-bench compare --dir=build-bench/compare \
    --label="commit $commit"
