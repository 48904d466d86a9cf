# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Talking to a server that speaks the Redis protocol on the loopback interface, over connections
# that stay open: they can be inside a transaction while the script does something else.

# dial N PORT: opens descriptor N.
dial() {
    eval "exec $1<>/dev/tcp/127.0.0.1/$2"
}

# ask N LINE [SECONDS]: sends the line and prints the reply, a bulk string without its length.
ask() {
    local line
    printf '%s\r\n' "$2" >&"$1"
    if ! IFS= read -r -t "${3:-30}" line <&"$1"; then
        echo "(no reply)"
        return
    fi
    case $line in
    '$-1'*) line='(nil)' ;;
    '$'*) IFS= read -r -t 30 line <&"$1" || line='(half a reply)' ;;
    esac
    printf '%s\n' "${line%$'\r'}"
}

# hang_up N
hang_up() {
    eval "exec $1>&-"
}
