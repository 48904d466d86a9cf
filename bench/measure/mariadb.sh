#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# mariadb.sh [CONNECTIONS [ROUNDS [SECONDS]]], run by "make bench-mariadb": what it costs to list 5000
# connections of a MariaDB server, and how many reads the server does beside that. Two servers, one
# without the plugin, take turns; see mariadb.c.

set -euo pipefail

connections=${1:-5000} rounds=${2:-9} seconds=${3:-2}
top=$(mktemp -d "${TMPDIR:-/tmp}/roster-bench-mariadb.XXXXXX")
work=$top
# shellcheck source=tests/mariadb/server.sh
. "$ROSTER_SRCDIR/tests/mariadb/server.sh"
servers=()

cleanup() {
    for server in "${servers[@]}"; do
        stop_server || true
    done
    rm -rf "$top"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

ulimit -n "$(ulimit -H -n)"
make_data
mkdir "$top/plain"
cp -r "$top/data" "$top/plain/data"
most=$((connections + 20))
start_server --max-connections=$most --plugin-load-add=roster_audit --plugin-maturity=experimental \
    --roster=FORCE_PLUS_PERMANENT
servers+=("$server") ports=("$port" "$server")
sql -e "CREATE FUNCTION roster_processlist RETURNS STRING SONAME 'roster_audit.so'"
work=$top/plain
start_server --max-connections=$most
servers+=("$server") ports+=("$port" "$server")
"$ROSTER_BUILDDIR/bench/mariadb-bench" "${ports[@]}" "$connections" "$rounds" "$seconds"
