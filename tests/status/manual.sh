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
done <commands
# shellcheck source=/dev/null
. "$completion"
COMP_WORDS=(rosterctl saf)
COMP_CWORD=1
_rosterctl
[ "${COMPREPLY[*]}" = safepoint ] || { echo "saf is not completed: ${COMPREPLY[*]}"; wrong=1; }
exit "$wrong"
