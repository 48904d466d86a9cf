#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Money moves between accounts over 64 clients while others read all accounts in one snapshot and
# versions are collected: the sum never changes.
# KV_BANK_SECONDS: how long (5).

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

start_server --gc-interval-ms=5 --threads=4
"$programs/bank" -s "${KV_BANK_SECONDS:-5}" "$port" || fail "bank ended with status $?"
collected=$(info versions_collected)
echo "$collected versions collected meanwhile"
[ "$collected" -gt 100 ] || fail "the collector had too little to do for this to tell anything"
finish
