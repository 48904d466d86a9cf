# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Completion of rosterctl.

_rosterctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} choices=
    local commands="ps trx min safepoint status history kill drain top barrier gc"
    case $before in
    -k | --kind) choices="user internal background" ;;
    -S | --state) choices="Idle Running LockWaiting Committing RollingBack" ;;
    -o | --sort) choices="id -time user command state -age" ;;
    --output) choices="table csv json" ;;
    -t | --token-file | --store-ca | --store-cert | --store-key | --store-password)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    *)
        case $word in
        -*)
            choices="--server= --all --token-file= --json --user= --db= --kind= --command= --state=
                --min-ms= --in-txn --limit= --sort= --search= --columns= --output= --full --watch --statement --transaction --wait
                --store= --prefix= --store-ca= --store-cert= --store-key= --store-user=
                --store-password= --ttl-ms= --help
                --version"
            ;;
        *)
            choices=$commands
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
