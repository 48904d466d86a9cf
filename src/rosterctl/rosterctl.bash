# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Completion of rosterctl. The functions below _rosterctl use its variables: the words of the command line, in the
# first of them rosterctl itself; in `reach` those that say which servers to ask; and its command. Programs are called
# by `command`: in a user's shell their names may be aliases, as of a grep that colours.

_rosterctl_commands=(ps trx holders min safepoint status locks groups history activity events kill drain top barrier gc serve)
_rosterctl_options=(--server= --all --token-file= --json --user= --db= --kind= --application= --wait-event=
    --digest= --blocker= --holder= --command= --state= --min-ms= --in-txn --limit= --sort= --search= --columns=
    --output= --full --since= --until= --by= --follow --watch --statement --transaction --wait --store= --prefix= --store-ca=
    --store-cert= --store-key= --store-user= --store-password= --ttl-ms= --listen= --help --version)

# Values that are completed: a word of a shell that is no option, wherever it stands.
_rosterctl_plain='[A-Za-z0-9_.:@][A-Za-z0-9_.:@-]*'

# The words up to the cursor. A variable in one before the last is looked up, as in --store=$STORE, and nothing else is.
_rosterctl_read() {
    local line=${COMP_LINE:0:COMP_POINT} n
    # shellcheck disable=SC2162 # a blank behind a backslash belongs to the word
    read -a words <<<"$line"
    [[ $line != *[[:blank:]] || $line == *'\ ' ]] || words+=('')
    for ((n = 0; n < ${#words[@]} - 1; n++)); do
        words[n]=${words[n]//[\"\']/}
        if [[ ${words[n]} =~ ^([^$]*)\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?(.*)$ ]]; then
            words[n]=${BASH_REMATCH[1]}${!BASH_REMATCH[2]-}${BASH_REMATCH[3]}
        fi
    done
}

_rosterctl_look() {
    local n last=$((${#words[@]} - 1))
    for ((n = 1; n < last; n++)); do
        case ${words[n]} in
        --all | -s?* | --server=* | --store*=* | --prefix=*) reach+=("${words[n]}") ;;
        -s | --server | --store* | --prefix)
            [[ $((n + 1)) -eq $last ]] || reach+=("${words[n]}" "${words[n + 1]}")
            ;;
        *)
            [[ -n $command || " ${_rosterctl_commands[*]} " != *" ${words[n]} "* ]] || command=${words[n]}
            ;;
        esac
    done
}

_rosterctl_ask() {
    command timeout 6 "${words[0]}" "${reach[@]}" "$@" 2>&1 </dev/null
}

# _rosterctl_values COLUMN: what the servers have in it now; words alone, since a client chooses what its name is. An
# id of a cluster is SERVER:ID.
_rosterctl_values() {
    local server='s/.*,//'
    [[ $1 != id || " ${reach[*]}" != *' --store'* ]] || server='s/,/:/'
    _rosterctl_ask ps --output=csv --columns="$1" -n 1000 | command tr -d '\r' |
        command sed -n "/^\(server,\)\?$1\$/,\$p" | command tail -n +2 | command sed "$server" |
        command grep -xE "$_rosterctl_plain" | command sort -u
}

# _rosterctl_taken OPTION: its values, of which rosterctl says that it takes them.
_rosterctl_taken() {
    local asked=ps
    case $command in
    trx | holders | activity) asked=$command ;;
    esac
    _rosterctl_ask "$asked" "--$1=?" | command sed -n 's/ and /, /g; s/.*: it takes //p' |
        command head -n 1 | command sed 's/, */\n/g'
}

# _rosterctl_of OPTION: the values that an option may have; nothing is known of the others.
_rosterctl_of() {
    case $1 in
    -u | --user) _rosterctl_values user ;;
    -d | --db) _rosterctl_values db ;;
    -k | --kind) _rosterctl_taken kind ;;
    --application | --digest | --blocker) _rosterctl_values "${1#--}" ;;
    --wait-event) _rosterctl_taken wait-event ;;
    --holder) command=holders _rosterctl_taken holder ;;
    -c | --command) _rosterctl_taken command ;;
    -S | --state) _rosterctl_taken state ;;
    -o | --sort) _rosterctl_taken sort | command sed 'p; s/^/-/' ;;
    --columns) _rosterctl_taken columns ;;
    --by)
        echo time
        command=activity _rosterctl_taken by
        ;;
    --listen) printf '%s\n' 127.0.0.1:0 unix: ;;
    --output) printf '%s\n' table csv json ;;
    -t | --token-file | --store-ca | --store-cert | --store-key | --store-password) compgen -f -- "$2" ;;
    esac
}

# What a word that is no option may be.
_rosterctl_word() {
    case $command in
    '') printf '%s\n' "${_rosterctl_commands[@]}" ;;
    kill) _rosterctl_values id ;;
    barrier)
        if [[ ${words[-2]} == delete ]]; then
            _rosterctl_ask barrier list --output=csv | command tr -d '\r' | command sed '1d; s/,.*//' |
                command grep -xE "$_rosterctl_plain"
        else
            printf '%s\n' set list delete
        fi
        ;;
    gc) echo status ;;
    esac
}

_rosterctl() {
    local words=() reach=() command='' current before option='' value choice breaks=${COMP_WORDBREAKS-} typed=''
    local IFS=$' \t\n' # whatever the user's is
    breaks=${breaks//[!=:]/} COMPREPLY=()
    _rosterctl_read
    [[ ${#words[@]} -gt 1 ]] || return 0
    _rosterctl_look
    current=${words[-1]} before=${words[-2]} value=$current
    case $current in
    --*=*) option=${current%%=*} value=${current#*=} ;;
    -*) ;;
    *)
        if [[ $before == -[udkcSot] || " ${_rosterctl_options[*]} " == *" $before= "* ]]; then
            option=$before
        fi
        ;;
    esac
    # bash has what is behind the last of these as the word that is completed.
    [[ -z $breaks || $current != *["$breaks"]* ]] || typed=${current%"${current##*["$breaks"]}"}
    while IFS= read -r choice; do
        [[ $choice == "$value"* ]] || continue
        printf -v choice %q "${current%"$value"}$choice"
        [[ $current != '~'* ]] || choice=${choice#\\} # the shell expands it
        COMPREPLY+=("${choice#"$typed"}")
    done < <(
        case $option,$current in
        -*) _rosterctl_of "$option" "$value" ;;
        ,-*) printf '%s\n' "${_rosterctl_options[@]}" ;;
        *) _rosterctl_word ;;
        esac
    )
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _rosterctl rosterctl
