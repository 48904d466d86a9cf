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
"$ctl" --help | grep -o -- '--[a-z-]*' | sort -u >options
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
# shellcheck source=/dev/null
. "$completion"
COMP_WORDS=(rosterctl saf)
COMP_CWORD=1
_rosterctl
[ "${COMPREPLY[*]}" = safepoint ] || { echo "saf is not completed: ${COMPREPLY[*]}"; wrong=1; }
# Ids, users and databases come from the server; a name that is no word is left out.
if [ -x "$ROSTER_BUILDDIR/tests/status/served" ]; then
    mkfifo served.fifo
    "$ROSTER_BUILDDIR/tests/status/served" "unix:$PWD/socket" <served.fifo >served.out &
    served=$!
    exec 9>served.fifo
    until [ -s served.out ]; do sleep 0.05; done
    # complete WORD...: what the last one may become.
    complete_words() {
        COMP_WORDS=("$ctl" -s "unix:$PWD/socket" "$@")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _rosterctl
        echo "${COMPREPLY[*]}"
    }
    [ "$(complete_words kill '')" = "1 2 3 4 5" ] || { echo "ids: $(complete_words kill '')"; wrong=1; }
    [ "$(complete_words ps -u '')" = "alice bob carol erin" ] ||
        { echo "users: $(complete_words ps -u '')"; wrong=1; }
    [ "$(complete_words ps -d s)" = shop ] || { echo "databases: $(complete_words ps -d s)"; wrong=1; }
    exec 9>&-
    wait "$served"
fi
exit "$wrong"
