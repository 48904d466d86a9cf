# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, start two example servers with something of everything to look at, and stay
#
# Sourced by quickstart.

# shellcheck disable=SC2154 # variables of what is sourced

for part in resp etcd kv-servers kv-watched; do
    # shellcheck source=/dev/null
    . "scripts/$part.sh"
done
trap end_all EXIT

install_packages build check kv
configure_all build
[ "$(grep -cE '^#define HAVE_(NCURSES|MICROHTTPD) 1' build/config.h)" -eq 2 ] ||
    die "there is nothing to look at without libmicrohttpd and ncurses"
build_in build libroster.la examples/kv/roster-kv rosterctl
leave_tree

say "starting two example servers that meet in one SQLite file"
servers "sqlite:$work/cluster.db" --max-clients=24 --history=10 --history-min-ms=100 --abandoned=warn \
    --abandoned-ms=20000
say "giving them something to show"
deadlock
chain
client report kv1 anna report BEGIN "GET a"
client nightly kv1 nightly rebuild "DEBUG SLEEP 3600"
client session kv1 guest shell PING
client backup kv2 backup backup BEGIN "GET a"
within 10 holds report
ctl kill "$(ctl ps --user=guest --columns=id --output=csv | tail -n 1 | tr -d '\r')" >/dev/null
for ((n = 0; n < 16; n++)); do # more than may connect
    client "crowd$n" kv1 crawler "worker-$n" PING
done
within 10 refuses
"$build/rosterctl" barrier set migration-7 now --store="$store" >/dev/null
kill "${load_pid[crowd0]}" "${load_pid[crowd1]}" # so that there is room for you

cat <<END
== two servers, kv1 and kv2, stay until you press Ctrl-C, with a little load and some trouble:
   a transaction that is idle holds the minimum and so the safe points of both; a chain of sessions
   waits for locks; two jobs have met in a deadlock; one statement runs for an hour; one session was
   killed; one user has taken most of the connections, so that others were refused; a barrier without
   an end has been forgotten.

   In a browser:  http://${status[kv1]}/  and  http://${status[kv2]}/  (to end something: token $token)

   In another terminal:

      . $work/env
      rosterctl status                 # what is wrong, the worst first, and what to run
      rosterctl top                    # all of it, live; ? lists the keys
      rosterctl ps --sort=-time        # sessions, and how far the statement of an hour has come:
      rosterctl ps --user=nightly --columns=id,user,command,done,total,phase
      rosterctl trx --sort=-age        # transactions, the oldest first
      rosterctl min                    # what holds the minimum, and the command that ends it
      rosterctl locks                  # which sessions wait for which, and the deadlock
      rosterctl groups                 # which user has most of the connections
      rosterctl activity --since=-5m --by=wait,digest,user
      rosterctl events                 # kills, rejected opens, leases, leaders, problems
      rosterctl safepoint              # lease and safe points, and what holds them back
      rosterctl barrier list --store=\$STORE    # what tools hold; after 20 s it is called abandoned
      rosterctl history                # what long transactions consisted of
      rosterctl --store=\$STORE ps     # both servers at once
      rosterctl --store=\$STORE serve  # the same as one page, for a browser
      redis-cli -p ${kv_port[kv1]} CLIENT LIST
      rosterctl kill --transaction \$(rosterctl trx --user=batch --columns=session --output=csv | tr -dc 0-9)
END
stays=yes
trap 'stays=no' INT
while [ "$stays" = yes ] && kill -0 "${kv_pid[kv1]}" "${kv_pid[kv2]}" 2>/dev/null; do
    sleep 1 &
    wait $! || true
done
trap - INT
say "ending both servers and their clients"
