# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Completion of rosterctl.

# _rosterctl_values COLUMN: what the server that the command line names has in it now; words alone, since a client
# chooses what its name is.
_rosterctl_values() {
    local server=() n
    for ((n = 1; n < ${#COMP_WORDS[@]} - 1; n++)); do
        [[ ${COMP_WORDS[n]} != @(-s|--server) ]] || server=(-s "${COMP_WORDS[n + 1]}")
    done
    timeout 2 "${COMP_WORDS[0]}" "${server[@]}" ps --output=csv --columns="$1" -n 1000 2>/dev/null |
        tail -n +2 | tr -d '\r' | grep -xE '[A-Za-z0-9_.:@-]+' | sort -u
}

_rosterctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choices=
    local commands="ps trx holders min safepoint status locks groups history activity events kill drain top barrier gc serve"
    case $before in
    -u | --user) choices=$(_rosterctl_values user) ;;
    -d | --db) choices=$(_rosterctl_values db) ;;
    -k | --kind) choices="user internal background" ;;
    -S | --state) choices="Idle Running LockWaiting Committing RollingBack autocommit" ;;
    -o | --sort) choices="id -time user command state -age" ;;
    --listen) choices="127.0.0.1:0 unix:" ;;
    --holder) choices="transaction pin cursor backup schema other" ;;
    --output) choices="table csv json" ;;
    -t | --token-file | --store-ca | --store-cert | --store-key | --store-password)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    *)
        case $word in
        -*)
            choices="--server= --all --token-file= --json --user= --db= --kind= --application= --wait-event= --digest= --blocker= --holder= --command= --state=
                --min-ms= --in-txn --limit= --sort= --search= --columns= --output= --full --since= --by= --follow --watch --statement --transaction --wait
                --store= --prefix= --store-ca= --store-cert= --store-key= --store-user=
                --store-password= --ttl-ms= --listen= --help
                --version"
            ;;
        *)
            if [[ " ${COMP_WORDS[*]} " = *" kill "* ]]; then
                choices=$(_rosterctl_values id)
            else
                choices=$commands
            fi
            ;;
        esac
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace
    fi
}
complete -F _rosterctl rosterctl
