#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Every command and every error, through redis-cli as people use it. A line that begins with "> " is
# sent, the lines after it are patterns for what redis-cli prints.

# shellcheck source=tests/kv/server.sh
. "$ROSTER_SRCDIR/tests/kv/server.sh"

# session WHAT: one redis-cli for all that standard input says.
session() {
    local line n got=0
    local -a expected=() actual=()
    : >"$work/commands"
    while IFS= read -r line; do
        case $line in
        '> '*) printf '%s\n' "${line#> }" >>"$work/commands" ;;
        ?*) expected+=("$line") ;;
        esac
    done
    mapfile -t actual < <(cli --no-raw <"$work/commands" | tr -d '\r' | grep -v '^$')
    for ((n = 0; n < ${#expected[@]}; n++)); do
        # shellcheck disable=SC2053 # a pattern is meant
        if [[ ${actual[n]-} == ${expected[n]} ]]; then
            got=$((got + 1))
        else
            fail "line $((n + 1)): expected: ${expected[n]} but got: ${actual[n]-}"
        fi
    done
    [ "${#actual[@]}" -eq "${#expected[@]}" ] ||
        fail "${#actual[@]} lines of output, expected ${#expected[@]}: ${actual[*]: -1}"
    echo "right: $got lines about $1"
}

start_server --threads=2
session "the connection" <<'EOF'
> PING
PONG
> ping hello
"hello"
> PING a b
(error) ERR wrong number of arguments, usage: PING \[message\]
> ECHO "two words"
"two words"
> ECHO
(error) ERR wrong number of arguments, usage: ECHO message
> SELECT 0
OK
> SELECT 1
(error) ERR there is no database but 0
> HELLO
 1) "server"
 2) "roster-kv"
 3) "version"
 4) "*"
 5) "proto"
 6) (integer) 2
 7) "id"
 8) (integer) *
 9) "mode"
10) "standalone"
11) "role"
12) "master"
13) "modules"
14) (empty array)
> HELLO 4
(error) NOPROTO this server speaks versions 2 and 3 of the protocol
> HELLO 2 AUTH user password
(error) ERR this server has no passwords: connect without user and password, or start it with --auth=trust
> HELLO 2 SETNAME
(error) ERR syntax error, usage: HELLO \[2|3 \[AUTH user password\] \[SETNAME name\]\]
> HELLO 2 SETNAME "two\nlines"
(error) ERR a name is up to 127 characters without spaces, newlines or special characters
> NONSENSE 1 2
(error) ERR unknown command 'NONSENSE'
> COMMAND COUNT
(integer) 35
> COMMAND DOCS get
1) "GET"
2) 1) "summary"
   2) "The value of a key"
   3) "since"
   4) "0.1.0"
   5) "group"
   6) "string"
   7) "usage"
   8) "key"
> COMMAND WHAT
(error) ERR unknown subcommand 'WHAT' of COMMAND; try COMMAND HELP
> CONFIG GET save
1) "save"
2) ""
> CONFIG GET gc-*
1) "gc-interval-ms"
2) "100"
> CONFIG GET nothing
(empty array)
> CONFIG SET a b
(error) ERR unknown subcommand 'SET' of CONFIG; try CONFIG HELP
> CONFIG GET
(error) ERR wrong number of arguments, usage: CONFIG GET pattern \[pattern ...\]
> DEBUG SLEEP 0
OK
> DEBUG SLEEP x
(error) ERR DEBUG SLEEP takes a number of seconds from 0 to 3600
> DEBUG SLEEP nan
(error) ERR DEBUG SLEEP takes a number of seconds from 0 to 3600
> INFO nothing
EOF

session "data" <<'EOF'
> GET a
(nil)
> SET a 1
OK
> GET a
"1"
> SET a
(error) ERR wrong number of arguments, usage: SET key value
> SET a 1 EX 5
(error) ERR wrong number of arguments, usage: SET key value
> SET "" empty
OK
> GET ""
"empty"
> SET zero "\x00\x01\r\n"
OK
> GET zero
"\\x00\\x01\\r\\n"
> INCR a
(integer) 2
> DECR a
(integer) 1
> INCR new
(integer) 1
> DECR newer
(integer) -1
> SET word hello
OK
> INCR word
(error) ERR value is not an integer or out of range
> SET big 9223372036854775807
OK
> INCR big
(error) ERR increment or decrement would overflow
> SET small -9223372036854775808
OK
> DECR small
(error) ERR increment or decrement would overflow
> SET huge 9223372036854775808
OK
> INCR huge
(error) ERR value is not an integer or out of range
> SET octal 01
OK
> INCR octal
(error) ERR value is not an integer or out of range
> SET octal -0
OK
> INCR octal
(error) ERR value is not an integer or out of range
> INCRBY octal +1
(error) ERR value is not an integer or out of range
> DEL octal
(integer) 1
> SET space " 1"
OK
> INCR space
(error) ERR value is not an integer or out of range
> MSET x 1 y 2 x 3
OK
> MSET x 1 y
(error) ERR MSET takes keys and values in pairs
> MGET x nope y
1) "3"
2) (nil)
3) "2"
> EXISTS x y nope x
(integer) 3
> INCRBY y 40
(integer) 42
> DECRBY y 50
(integer) -8
> INCRBY y many
(error) ERR value is not an integer or out of range
> DECRBY y -9223372036854775808
(error) ERR value is not an integer or out of range
> TYPE y
string
> TYPE nope
none
> STRLEN y
(integer) 2
> SCAN 0 MATCH y COUNT 100000
1) "0"
2) 1) "y"
> SCAN 0 TYPE list COUNT 100000
1) "0"
2) (empty array)
> SCAN 0 COUNT 0
(error) ERR COUNT takes a number from 1 to 100000
> SCAN y
(error) ERR a cursor is 0 or what SCAN returned last
> SCAN 0 MATCH
(error) ERR syntax error
> DEL x nope x
(integer) 1
> EXISTS x
(integer) 0
> DBSIZE
(integer) 11
> FLUSHDB
OK
> DBSIZE
(integer) 0
> GET a
(nil)
EOF

session "bytes that are zero, which end no argument" <<'EOF'
> MSET "a\x00b" 1 a 2
OK
> SCAN 0 MATCH * COUNT 1000
1) "0"
2) 1) "a*"
   2) "a*"
> SCAN 0 MATCH "a\x00*" COUNT 1000
(error) ERR a pattern has no NUL in it
> SCAN "0\x00"
(error) ERR a cursor is 0 or what SCAN returned last
> INCRBY a "1\x00"
(error) ERR value is not an integer or out of range
> DEBUG SLEEP "0\x00"
(error) ERR DEBUG SLEEP takes a number of seconds from 0 to 3600
> CONFIG GET "save\x00"
(empty array)
> CLIENT KILL ID "1\x00"
(error) ERR an id is a number greater than 0
> CLIENT UNBLOCK "1\x00"
(error) ERR an id is a number greater than 0
> CLIENT LIST USER "default\x00"
> CLIENT LIST USER default
id=*
> DEL "a\x00b" a
(integer) 2
EOF

session "transactions" <<'EOF'
> COMMIT
(error) ERR COMMIT without BEGIN
> ROLLBACK
(error) ERR ROLLBACK without BEGIN
> LOCK a
(error) ERR LOCK without BEGIN
> LOCK
(error) ERR wrong number of arguments, usage: LOCK name
> BEGIN
OK
> LOCK a
OK
> LOCK a
OK
> ROLLBACK
OK
> AUTH
(error) ERR wrong number of arguments, usage: AUTH user \[password\]
> AUTH alice
(error) ERR this server has no passwords: connect without user and password, or start it with --auth=trust
> MSET a 1 b 2
OK
> BEGIN
OK
> BEGIN
(error) ERR BEGIN is not allowed inside a transaction
> MULTI
(error) ERR MULTI is not allowed inside a transaction
> FLUSHDB
(error) ERR FLUSHDB is not allowed inside a transaction
> SET a 5
OK
> GET a
"5"
> DEL b
(integer) 1
> DEL b
(integer) 0
> GET b
(nil)
> SET c 3
OK
> SCAN 0 COUNT 100000
1) "0"
2) 1) "c"
   2) "a"
> DBSIZE
(integer) 2
> INCR word
(integer) 1
> ROLLBACK
OK
> MGET a b c
1) "1"
2) "2"
3) (nil)
> BEGIN
OK
> DEL a
(integer) 1
> SET c 3
OK
> COMMIT
OK
> MGET a b c
1) (nil)
2) "2"
3) "3"
> BEGIN
OK
> SET gone 1
OK
> DEL gone
(integer) 1
> COMMIT
OK
> DBSIZE
(integer) 2
EOF

session "queued commands" <<'EOF'
> EXEC
(error) ERR EXEC without MULTI
> DISCARD
(error) ERR DISCARD without MULTI
> MULTI
OK
> MULTI
(error) ERR MULTI inside MULTI
> SET q 1
QUEUED
> INCR q
QUEUED
> INCR c
QUEUED
> PING
QUEUED
> GET q
QUEUED
> EXEC
1) OK
2) (integer) 2
3) (integer) 4
4) PONG
5) "2"
> MULTI
OK
> SET q word
QUEUED
> INCR q
QUEUED
> EXEC
1) OK
2) (error) ERR value is not an integer or out of range
> GET q
"word"
> MULTI
OK
> SET q 7
QUEUED
> DISCARD
OK
> GET q
"word"
> MULTI
OK
> SET q 7
QUEUED
> NONSENSE
(error) ERR unknown command 'NONSENSE'
> GET
(error) ERR wrong number of arguments, usage: GET key
> EXEC
(error) EXECABORT a command was refused; nothing was done
> MULTI
OK
> BEGIN
(error) ERR BEGIN is not allowed between MULTI and EXEC
> FLUSHDB
(error) ERR FLUSHDB is not allowed between MULTI and EXEC
> EXEC
(error) EXECABORT a command was refused; nothing was done
> MULTI
OK
> EXEC
(empty array)
> GET q
"word"
EOF

session "clients" <<'EOF'
> CLIENT GETNAME
(nil)
> CLIENT SETNAME me
OK
> CLIENT GETNAME
"me"
> CLIENT SETNAME "not me"
(error) ERR a name is up to 127 characters without spaces, newlines or special characters
> CLIENT SETNAME ""
OK
> CLIENT GETNAME
(nil)
> CLIENT ID
(integer) *
> CLIENT INFO
id=* addr=127.0.0.1:* name= kind=user state=Running * txn=invalid * cmd=Other text=CLIENT%20INFO user=default idle=0 flags=N db=0 *
> CLIENT NONSENSE
(error) ERR unknown subcommand 'NONSENSE' of CLIENT; try CLIENT HELP
> CLIENT ID x
(error) ERR wrong number of arguments, usage: CLIENT ID
> CLIENT KILL 1.2.3.4:5
(error) ERR No such client
> CLIENT KILL ID 123456789
(integer) 0
> CLIENT KILL ID x
(error) ERR an id is a number greater than 0
> CLIENT KILL ID -1
(error) ERR an id is a number greater than 0
> CLIENT KILL ID
(error) ERR No such client
> CLIENT LIST ID 123456789 123456788 123456787
> CLIENT LIST ID 123456789 x
ERR syntax error
> CLIENT KILL ID 1 2
(error) ERR syntax error
> CLIENT KILL ID 1 SKIPME
(error) ERR syntax error
> CLIENT KILL NONSENSE 1
(error) ERR syntax error
> CLIENT UNBLOCK 123456789
(integer) 0
> CLIENT UNBLOCK x
(error) ERR an id is a number greater than 0
> TRX LIST
""
> TRX NONSENSE
(error) ERR unknown subcommand 'NONSENSE' of TRX; try TRX HELP
> BEGIN
OK
> SET t 1
OK
> TRX LIST
"id=* addr=127.0.0.1:* name= txn=valid start-ts=* age-ms=* state=Running writes=1 bytes=* text=TRX%20LIST*"
> ROLLBACK
OK
EOF

expect "QUIT says goodbye" $'+OK\r' "$(printf 'QUIT\r\nPING\r\n' | "$programs/raw" "$port")"
expect "INFO shows one section" '# Minimum*min_holder*' "$(cli INFO minimum)"
expect "and no other" '' "$(cli INFO minimum | grep versions)"
expect "or several" '# Minimum*min_holder*# Store*versions*' "$(cli INFO store minimum)"

# Two clients: the first committer of a key wins, and snapshots do not move.
dial 3 "$port"
dial 4 "$port"
expect "first begins" +OK "$(ask 3 BEGIN)"
expect "second begins" +OK "$(ask 4 BEGIN)"
expect "first writes" +OK "$(ask 3 'SET k first')"
expect "second does not see it" '(nil)' "$(ask 4 'GET k')"
expect "second writes" +OK "$(ask 4 'MSET k second other 1')"
expect "first commits" +OK "$(ask 3 COMMIT)"
expect "second's snapshot stays" ':1' "$(ask 4 'EXISTS c nothing')"
expect "second loses" '-CONFLICT another transaction has committed *' "$(ask 4 COMMIT)"
expect "the winner's value is there" first "$(ask 4 'GET k')"
expect "nothing of the loser is" '(nil)' "$(ask 3 'GET other')"
expect "the conflict was counted" 1 "$(info conflicts)"
# A deletion of everything is a commit like any other.
expect "third begins" +OK "$(ask 3 BEGIN)"
expect "FLUSHDB beside it" +OK "$(ask 4 FLUSHDB)"
expect "its snapshot stays" first "$(ask 3 'GET k')"
expect "it writes" +OK "$(ask 3 'SET k third')"
expect "and loses" '-CONFLICT *' "$(ask 3 COMMIT)"
hang_up 3
hang_up 4
eventually "deleted keys leave nothing behind" info_is versions -eq 0
finish
