#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The manual page renders without a warning and names every option and command; the completion knows
# every option too.

set -euo pipefail

ctl=$ROSTER_BUILDDIR/rosterctl
page=$ROSTER_SRCDIR/src/rosterctl/rosterctl.1
completion=$ROSTER_SRCDIR/src/rosterctl/rosterctl.bash
wrong=0
cd "$TMPDIR"
if [ ! -x "$ctl" ] || ! command -v man >/dev/null; then
    echo "rosterctl was not built, or there is no man"
    exit 77
fi
man --warnings -E UTF-8 -l "$page" >rendered 2>warnings
if [ -s warnings ]; then
    cat warnings
    wrong=1
fi
"$ctl" --help >help
! grep -nE '^ +$|^.{80}' help || { echo "the help has lines of spaces, or too long ones"; wrong=1; }
! sed '1,/^Commands:/d; /^$/q' help | grep '^[^ ]' || { echo "the list of commands has broken lines"; wrong=1; }
grep -o -- '--[a-z-]*' help | sort -u >options
[ "$(wc -l <options)" -ge 15 ]
while read -r option; do
    case $option in
    --help | --usage | --version) continue ;;
    esac
    grep -q -- "${option//-/\\\\-}" "$page" || { echo "the page lacks $option"; wrong=1; }
    grep -q -- "$option" "$completion" || { echo "the completion lacks $option"; wrong=1; }
done <options
"$ctl" --help | sed -n '/Commands:/,/Mandatory\|^ *-/s/^  \([a-z]*\) .*/\1/p' | sort -u >commands
[ "$(wc -l <commands)" -ge 9 ]
while read -r command; do
    grep -q "^\.BI\? $command" "$page" || { echo "the page lacks $command"; wrong=1; }
    grep -q "commands=.*\b$command\b" "$completion" || { echo "the completion lacks $command"; wrong=1; }
    "$ctl" "$command" --help >help
    ! grep -nE '^ +$|^.{80}' help || { echo "the help of $command has lines of spaces, or too long ones"; wrong=1; }
    for words in "^Usage: rosterctl .* $command" '^Example' "^  rosterctl.* $command"; do
        grep -q "$words" help || { echo "the help of $command lacks $words"; wrong=1; }
    done
    # An option that it refuses is not in its help.
    for option in --sort= --statement= --store= --full; do
        "$ctl" -s 127.0.0.1:1 "$command" "${option/=/=1}" >out 2>&1 </dev/null || true
        refused=no helped=no
        ! grep -q 'does not take' out || refused=yes
        ! grep -q -e "${option%=}\\b" help || helped=yes
        [ "$refused" != "$helped" ] || { echo "the help of $command and $option disagree"; wrong=1; }
    done
done <commands

# The other way round: what the page tells of, the program has.
sed -n '/^\.SH OPTIONS/,/^\.SH ENV/p' "$page" | sed 's/\\-/-/g' | grep '^\.B[RI]* -' >heads
grep -oE -e '--[a-z-]+' heads | sort -u >told
{ cat options && printf '%s\n' --help --usage --version; } | sort -u >has
comm -13 has told >extra
[ ! -s extra ] || { echo "the page tells of $(tr '\n' ' ' <extra)"; wrong=1; }
"$ctl" --help | grep -oE '^ +-[a-zA-Z?]' | tr -d ' ' | sort -u >short
grep -oE -e '(^\.B[RI]* |" )-[a-zA-Z?]( |$)' heads | grep -oE -e '-[a-zA-Z?]' | sort -u >told
cmp -s short told || { echo "short options differ: $(diff short told | tr '\n' ' ')"; wrong=1; }
sed -n 's/^\.BI\? "\?\([a-z]*\).*/\1/p' <(sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' "$page") | sort -u >told
comm -13 commands told | grep -vxE '[a-zA-Z]|' >extra || true
[ ! -s extra ] || { echo "the page tells of $(tr '\n' ' ' <extra)"; wrong=1; }

# takes COMMAND: the options that the page gives to it, each in its shortest form.
takes() {
    sed -n "/^\.SH COMMANDS/,/^\.SH OPTIONS/p" "$page" | sed 's/\\-/-/g' | awk -v command="$1" '
        /^\.TP/ { inside = 0 }
        $1 ~ /^\.BI?$/ && ($2 == command || $2 == "\"" command) { inside = 1 }
        inside && (/^Takes/ || more || /^takes/) { print; more = !/\.$/ }' |
        grep -oE -e '--?[a-zA-Z-]+' | sort -u
}
while read -r command; do
    takes "$command" >allowed
    [ -s allowed ] || { echo "the page gives no option to $command"; wrong=1; }
    for option in -u -d -k -c -S -m -x -n -o -F -w -q -W -j --store --prefix --ttl-ms; do
        case $option in
        -u | -d | -k | -c | -S | -m | -n | -o) value=1 ;;
        --store | --prefix | --ttl-ms) value="=1" ;;
        *) value= ;;
        esac
        told=no takes=yes
        ! grep -qx -e "$option" allowed || told=yes
        "$ctl" -s 127.0.0.1:1 "$command" "$option$value" >out 2>&1 </dev/null || true
        ! grep -q 'does not take' out || takes=no
        [ "$told" = "$takes" ] || { echo "$command takes $option: $takes, the page says $told"; wrong=1; }
    done
done <commands

# Exit statuses: those that the page tells are those that the program has.
sed -n '/^\.SH EXIT/,/^\.SH EX[^I]/s/^\.B \([0-9]*\)$/\1/p' "$page" >told
sed -n 's/^ *CTL_[A-Z_]* = \([0-9]*\),.*/\1/p' "$ROSTER_SRCDIR/src/rosterctl/rosterctl.h" >has
if [ ! -s has ] || ! cmp -s told has; then
    echo "exit statuses differ: $(diff told has | tr '\n' ' ')"
    wrong=1
fi

# Options in commands that a verdict names are those that rosterctl takes over when it makes these again.
verdicts=("$ROSTER_SRCDIR"/src/status/{verdict,verdict_cluster,groups,verdict_blocked,verdict_stuck}.c)
{
    grep -ohE -e '[" ]--?[a-z]+(=%|=-|=[A-Za-z]|[ "])' "${verdicts[@]}" | sed -E 's/^[" ]//; s/=.*/=/; s/[ "]$//'
    sed -n 's/^ *\[ROSTER_GROUP_[A-Z]*\] = "\([a-z]*\)",$/--\1=/p' "$ROSTER_SRCDIR/src/status/groups.c"
} | grep -vxE -e "--store=|-s|--output|-h" | sort -u >told
sed -n '/^static bool is_option/,/^}/p' "$ROSTER_SRCDIR/src/rosterctl/cluster_command.c" | grep -oE '"-[^"]*"' | tr -d '"' |
    sort -u >has
[ "$(wc -l <told)" -ge 8 ] || { echo "too few options of verdicts: $(tr '\n' ' ' <told)"; wrong=1; }
comm -23 told has >extra
[ ! -s extra ] || { echo "commands of verdicts have $(tr '\n' ' ' <extra), which rosterctl takes for a lie"; wrong=1; }

# shellcheck source=/dev/null
. "$completion"
# complete_words LINE: what the last word of it may become, as bash replaces it.
complete_words() {
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
    _rosterctl
    echo "${COMPREPLY[*]}"
}
# completes WHAT WANTED LINE
completes() {
    local is
    is=$(complete_words "$3" 2>&1)
    # shellcheck disable=SC2053 # a pattern
    [[ $is == $2 ]] || { echo "$1: $3 becomes \"$is\", should be \"$2\""; wrong=1; }
}
completes "a command" safepoint "rosterctl saf"
completes "an option" --search= "rosterctl ps --sea"
completes "nothing behind a list" "" "rosterctl ps "
completes "a format" csv "rosterctl ps --output=c"
completes "nothing of the program's own name" "" 'rosterctl\ '
IFS=: completes "with another IFS" --kind= "rosterctl ps --ki"
touch of-home.token
# shellcheck disable=SC2088 # the completion expands it
HOME=$PWD completes "a file of one's home" "~/of-home.token" "rosterctl ps --token-file ~/of-"
is=$(bash -uc '. "$1"; COMP_LINE="rosterctl sa" COMP_POINT=12; unset COMP_WORDBREAKS; _rosterctl; echo "${COMPREPLY[*]}"' \
    bash "$completion" 2>&1)
[ "$is" = safepoint ] || { echo "with set -u: \"$is\""; wrong=1; }
# What servers know comes from them; a name that is no word is left out.
if [ -x "$ROSTER_BUILDDIR/tests/status/served" ]; then
    mkfifo served.fifo
    export XDG_RUNTIME_DIR=$PWD/run
    mkdir -p run/roster
    "$ROSTER_BUILDDIR/tests/status/served" "unix:$PWD/run/roster/x.sock" <served.fifo >served.out &
    served=$!
    exec 9>served.fifo
    until [ -s served.out ] || ! kill -0 "$served"; do sleep 0.05; done
    one="-s unix:$PWD/run/roster/x.sock" long="--server=unix:$PWD/run/roster/x.sock"
    completes ids "1 2 3 4 5" "$ctl $one kill "
    completes "ids of transactions" "1 2 3 4 5" "$ctl --all kill --transaction "
    completes users "alice bob carol erin" "$ctl $one ps -u "
    completes users alice "$ctl $long ps --user=al"
    completes users alice "$ctl --all activity --user al"
    completes databases shop "$ctl $one ps -d s"
    completes databases shop "$ctl --all trx --db=s"
    completes states "Idle Running LockWaiting *in[\\\\] transaction*" "$ctl $long ps --state="
    completes "a state with a blank" "in[\\\\] transaction" "$ctl --all ps -S in\\ "
    completes "states of transactions" Committing "$ctl $one trx -S Co"
    completes "the kinds" background "$ctl $one ps --kind=b"
    completes "a command of a session" Query "$ctl $one ps -c Que"
    completes "what holds" backup "$ctl $one holders --holder=ba"
    completes applications report "$ctl $one trx --application=rep"
    completes "an order" "-time_ms" "$ctl $long ps --sort=-time_m"
    completes "a distinction" digest "$ctl $one activity --by=dig"
    export sockets=$PWD/run/roster
    completes "by a variable" "bob" "$ctl -s unix:\$sockets/x.sock ps -u b"
    # shellcheck disable=SC2016 # expanded there
    is=$(bash -c 'shopt -s expand_aliases; alias grep="grep --color=always" sed="echo sed" tr=false head=false
. "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _rosterctl; echo "${COMPREPLY[*]}"' bash "$completion" "$ctl $one ps -u al" 2>&1)
    [ "$is" = alice ] || { echo "beside aliases: \"$is\""; wrong=1; }
    # Each state that is offered is one that the server takes.
    while read -r state; do
        "$ctl" --all ps --state="$state" >out || { echo "the state \"$state\" is not taken"; wrong=1; }
    done < <(complete_words "$ctl --all ps --state=" | sed 's/\([^\\]\) /\1\n/g; s/\\//g')
    exec 9>&-
    wait "$served"
fi
if [ -x "$ROSTER_BUILDDIR/tests/status/served" ] && grep -q "define HAVE_SQLITE" "$ROSTER_BUILDDIR/config.h"; then
    export STORE=sqlite:$PWD/cluster.db
    mkfifo members.fifo
    SERVED_STORE=$STORE SERVED_ID=a "$ROSTER_BUILDDIR/tests/status/served" "unix:$PWD/a.sock" \
        <members.fifo >members.out &
    served=$!
    exec 9>members.fifo
    until [ -s members.out ] || ! kill -0 "$served"; do sleep 0.05; done
    # shellcheck disable=SC2016 # the completion looks the variable up
    for from in --store="$STORE" '--store=$STORE' "--store $STORE"; do
        completes "ids of a cluster" "1 2 3 4 5" "$ctl $from kill a:"
        completes "the servers of ids" "a:1 a:2 a:3 a:4 a:5" "$ctl $from kill "
        completes "users of a cluster" "bob" "$ctl $from ps --user=b"
        completes "states of a cluster" "Idle *in[\\\\] transaction*" "$ctl $from ps --state="
    done
    completes "what waits for" row "$ctl --store=$STORE ps --wait-event=Lock:r"
    "$ctl" barrier set nightly now --store="$STORE" >/dev/null
    completes barriers nightly "$ctl --store=$STORE barrier delete n"
    "$ctl" barrier --store="$STORE" set -- --all now >/dev/null
    completes "barriers that are no options" nightly "$ctl --store=$STORE barrier delete "
    exec 9>&-
    wait "$served"
fi
exit "$wrong"
