# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What two servers have to do together, whatever store they meet in. Sourced by the tests.
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by members.sh

# Both are live, one leads, and each knows who.
check_roles() {
    local leader
    expect "a is live" live "$(on a info lease_state)"
    expect "b is live" live "$(on b info lease_state)"
    expect "a is not fenced" 0 "$(on a info fenced)"
    eventually "somebody leads" member_is a leader '?'
    leader=$(on a info leader)
    eventually "and knows it" member_is "$leader" leads 1
    eventually "b names the same" member_is b leader "$leader"
}

# An open transaction on a holds both safe points on both servers, and is named.
check_held() {
    local start looks point
    on a cli SET k old >/dev/null
    dial 3 "${ports[a]}"
    ask 3 'CLIENT SETNAME keeper' >/dev/null
    expect "the keeper begins" +OK "$(ask 3 BEGIN)"
    expect "and reads" old "$(ask 3 'GET k')"
    start=$(start_ts a keeper)
    on a cli SET k new >/dev/null
    on a cli SET k newer >/dev/null
    eventually "the leader names it" leader_says txn_blocker \
        "server a needs $start, *transaction of session *; end that*"
    for ((looks = 0; looks < 10; looks++)); do
        for point in txn_safe_point gc_safe_point; do
            [ "$(on a info $point)" -le "$start" ] || fail "a's $point has passed the keeper"
            [ "$(on b info $point)" -le "$start" ] || fail "b's $point has passed the keeper"
        done
        sleep 0.1
    done
    expect "it reaches the transaction, which is inclusive" "$start" "$(on b info txn_safe_point)"
    expect "INFO tells what is left of the lease" '[1-9]*' "$(on a info lease_left_ms)"
    expect "and what blocks" '?*' "$(on a info txn_blocker)"
    expect "its version is kept" 3 "$(on a info versions)"
    expect "it reads it" old "$(ask 3 'GET k')"
    expect "it commits" +OK "$(ask 3 COMMIT)"
    hang_up 3
    eventually "then the gc safe point goes on at a" gc_passes a "$start"
    eventually "and at b" gc_passes b "$start"
    eventually "and the versions are collected" on a info_is versions -eq 1
}

# Stops b's process, but not in the middle of a transaction of SQLite, whose lock would go on keeping
# everybody from the file.
freeze_b() {
    local tries before
    for ((tries = 20; tries; tries--)); do
        kill -STOP "${pids[b]}"
        before=$(on a info reports)
        sleep 0.5
        [ "$(on a info reports)" -le "$before" ] || return 0
        kill -CONT "${pids[b]}"
        sleep 0.2
    done
    fail "b holds the store whenever it is stopped"
}

# A server that was frozen for longer than its lease returns no read of a lost transaction.
check_frozen() {
    local start reply registrations
    registrations=$(on b info registrations)
    on b cli SET k old >/dev/null
    dial 4 "${ports[b]}"
    ask 4 'CLIENT SETNAME frozen' >/dev/null
    expect "a transaction begins on b" +OK "$(ask 4 BEGIN)"
    expect "and reads" old "$(ask 4 'GET k')"
    start=$(start_ts b frozen)
    on b cli SET k new >/dev/null
    freeze_b
    eventually "b is frozen, its lease ends and a goes on" gc_passes a "$start"
    kill -CONT "${pids[b]}"
    reply=$(ask 4 'GET k')
    case $reply in
    -FENCED* | -EXPIRED*) echo "right: the lost transaction gets no data: $reply" ;;
    *) fail "the lost transaction got: $reply" ;;
    esac
    expect "nor later" '-ABORTED*' "$(ask 4 'GET k')"
    expect "nor may it commit" '-ABORTED*' "$(ask 4 COMMIT)"
    hang_up 4
    eventually "b comes back" member_is b lease_state live
    eventually "and reads again" reads b k new
    expect "as a server registered anew" $((registrations + 1)) "$(on b info registrations)"
    [ "$(on b info fences)" -ge 1 ] || fail "no fence was counted"
}

# A second server under an id that lives is refused, and answers nobody.
check_same_id() {
    start_member a --threads=1
    expect "another a is refused" refused "$(on a info lease_state)"
    is_fenced a || fail "it answers: $(on a cli GET k)"
    grep -q 'this server id is in use by another live server' "$work/a.err" || fail "it does not say why"
    stop_member a
}

run_cluster() {
    local first_a first_port
    start_member a
    start_member b
    check_roles
    check_held
    check_frozen
    first_a=${pids[a]} first_port=${ports[a]}
    check_same_id
    pids[a]=$first_a ports[a]=$first_port
}
