#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What the cluster costs, on an SQLite file and on an etcd of one member on loopback, both in
# memory. Run by "make bench-cluster"; takes two and a half minutes.

# shellcheck source=tests/fault/lib.sh
. "$ROSTER_SRCDIR/tests/fault/lib.sh"
# shellcheck source=tests/fault/etcd.sh
. "$ROSTER_SRCDIR/tests/fault/etcd.sh"

bench=$ROSTER_BUILDDIR/bench/cluster-bench
sqlite=$url
# shellcheck disable=SC2034 # for etcd.sh
members=(1)
start_etcd
"$bench" check memory
for store in "$sqlite" "$url"; do
    echo "== ${store%%:*}"
    for what in survey oracle idle; do
        "$bench" "$what" "$store"
    done
done
