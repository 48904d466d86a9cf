# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# help: build, run example servers with problems to look at, until Ctrl-C
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
    die "this needs libmicrohttpd and ncurses"
build_in build libroster.la examples/kv/roster-kv rosterctl
leave_tree

# watch_all: if Prometheus is installed, starts one that scrapes all servers and loads the alerts.
watch_all() {
    local port targets
    if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then
        return
    fi
    port=$(pick_ports 1)
    targets=$(printf '"%s", ' "${status[@]}")
    cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: ["$PWD/share/prometheus/alerts.yml"]
scrape_configs: [{job_name: roster, static_configs: [{targets: [${targets%, }]}]}]
END
    prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/prometheus" \
        --web.listen-address="127.0.0.1:$port" >"$work/prometheus.log" 2>&1 &
    load_pid[prometheus]=$!
    prometheus=http://127.0.0.1:$port
    echo "export PROMETHEUS=$prometheus ALERTS=$PWD/share/prometheus/alerts.yml" >>"$work/env"
}

say "starting three example servers that share one SQLite file, and one with a file of its own"
options=(--max-clients=24 --history=10 --history-min-ms=100 --abandoned=warn --abandoned-ms=20000 --quota=user=tourist:2)
servers "sqlite:$work/cluster.db" "${options[@]}"
watched kv3 "$store" "${options[@]}"
watched kv4 "sqlite:$work/alone.db"
cat >>"$work/env" <<END
export SPARE=${status[kv3]} FENCED=${status[kv4]}
[ -z "\${BASH_VERSION-}" ] || . "$PWD/src/rosterctl/rosterctl.bash"
END
prometheus=
watch_all
keep_lock "$work/alone.db"
say "causing problems"
deadlock
chain
client report kv1 anna report BEGIN "GET a"
client nightly kv1 nightly rebuild "DEBUG SLEEP 3600"
client session kv1 guest shell PING
client backup kv2 backup backup BEGIN "GET a"
for n in 1 2 3; do # the rule allows two
    client "tourist$n" kv1 tourist "tour-$n" PING
done
within 10 holds report
ctl kill "$(ctl ps --user=guest --columns=id --output=csv | tail -n 1 | tr -d '\r')" >/dev/null
for ((n = 0; n < 16; n++)); do # more than --max-clients allows
    client "crowd$n" kv1 crawler "worker-$n" PING
done
within 10 refuses
"$build/rosterctl" barrier set migration-7 now --store="$store" >/dev/null
kill "${load_pid[crowd0]}" "${load_pid[crowd1]}" # leaves room for you
within 60 fenced kv4 || die "kv4 is not fenced"

cat <<END
== kv1 to kv3 form a cluster, kv4 is alone. They run until you press Ctrl-C, with these problems:

   - an idle transaction holds the minimum, and so the safe points of the cluster
   - a chain of sessions waits for locks, and two jobs had a deadlock
   - one statement runs for an hour; one session was killed
   - one user has most of the connections, so others were refused; another one reached its quota
   - a barrier without a TTL was forgotten; holders older than 20 s are reported as abandoned
   - another process holds the lock of kv4's store, so kv4 is fenced

   In a browser:  http://${status[kv1]}/  and  http://${status[kv4]}/  (to kill, use the token $token)

   In another terminal:

      . $work/env

   problems, and the commands that help:

      rosterctl status                 # worst first; the exit status is 7
      rosterctl -s \$FENCED status      # why it is fenced, and what to do
      rosterctl -s \$FENCED safepoint   # its lease, and when it expired
      rosterctl top                    # everything, live; ? lists the keys

   sessions and transactions:

      rosterctl ps --sort=-time        # sessions; the progress of the long statement:
      rosterctl ps --user=nightly --columns=id,user,command,done,total,phase
      rosterctl trx --sort=-age -n 3   # transactions, oldest first
      rosterctl min                    # the holder of the minimum, and the command that ends it
      rosterctl holders                # all holders, cursors and backups included
      rosterctl locks                  # which session waits for which, and the deadlock
      rosterctl groups                 # users with the most connections, and their limits
      rosterctl safepoint              # lease and safe points, and what holds them back
      redis-cli -p ${kv_port[kv1]} CLIENT LIST

   history:

      rosterctl activity --since=-5m --by=wait,digest,user
      rosterctl events                 # kills, rejected opens, deadlocks, leases, leaders, problems
      rosterctl events --follow        # new ones as they arrive, until Ctrl-C
      rosterctl history                # statements of long transactions

   the whole cluster:

      rosterctl --store=\$STORE status  # the problems of each server
      rosterctl --store=\$STORE ps --sort=-time -n 8
      rosterctl --store=\$STORE trx
      rosterctl --store=\$STORE min
      rosterctl --store=\$STORE locks
      rosterctl --store=\$STORE activity --by=server,state
      rosterctl --store=\$STORE events --since=-1h
      rosterctl --store=\$STORE serve   # all of this as one page, for a browser
      rosterctl --store=\$STORE barrier list
      rosterctl --store=\$STORE gc status

   for programs; in bash, Tab completes ids, users, databases and states:

      rosterctl trx --output=csv
      rosterctl status --output=csv
      rosterctl min --json
      curl -s http://\$ROSTER_SERVER/metrics
END
if [ -n "$prometheus" ]; then
    cat <<END
      promtool query instant \$PROMETHEUS ALERTS
      promtool check rules \$ALERTS
   Prometheus: $prometheus/ ; a dashboard for Grafana: $PWD/share/grafana/roster.json
END
fi
cat <<END

   remedies; the first kill is refused, because the target is a background session of Roster:

      rosterctl kill \$(rosterctl ps --kind=background -n 1 --columns=id --output=csv | tr -dc 0-9)
      rosterctl kill --transaction --wait \$(rosterctl trx --user=batch --columns=session --output=csv | tr -dc 0-9)
      rosterctl --store=\$STORE kill --transaction kv1:\$(rosterctl trx --user=anna --columns=session --output=csv | tr -dc 0-9)
      rosterctl --store=\$STORE barrier delete migration-7
      rosterctl -s \$SPARE drain --wait # kv3 lets its clients finish, and exits
END
stays=yes
trap 'stays=no' INT
while [ "$stays" = yes ] && kill -0 "${kv_pid[kv1]}" "${kv_pid[kv2]}" 2>/dev/null; do
    sleep 1 &
    wait $! || true
done
trap - INT
say "stopping the servers and their clients"
