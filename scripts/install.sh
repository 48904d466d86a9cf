# shellcheck shell=bash
# shellcheck disable=SC2154 # step_log is set by say.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Debian packages: which are needed, which are missing, and installing those.

# packages_for GROUP...: the names listed in scripts/packages for any of the groups.
packages_for() {
    awk -v groups="$*" '
        BEGIN { n = split(groups, group, " ") }
        /^[ \t]*(#|$)/ { next }
        { for (i = 2; i <= NF; i++) for (j = 1; j <= n; j++) if ($i == group[j]) wanted = 1
          if (wanted) print $1
          wanted = 0 }' scripts/packages
}

# missing_packages NAME...: those of them that are not installed.
missing_packages() {
    local name
    for name; do
        dpkg-query -W -f='${Status}\n' "$name" 2>/dev/null | grep -q '^install ok installed' ||
            printf '%s\n' "$name"
    done
}

# apt_get COMMAND...: apt-get, which waits while another one works on this machine.
apt_get() {
    local tries
    # Of the lock on the lists it gives up at once, whatever the option says.
    for ((tries = 60; ; tries--)); do
        LC_ALL=C DEBIAN_FRONTEND=noninteractive \
            apt-get -y -o DPkg::Lock::Timeout=600 "$@" && return
        ((tries > 0)) && tail -n 5 "$step_log" | grep -q 'Could not get lock' || return
        sleep 5
    done
}

# install_packages GROUP...: install what is missing, or say how when not root.
install_packages() {
    local wanted missing
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        say "not a Debian system: configure will report what is missing"
        return
    fi
    mapfile -t wanted < <(packages_for "$@")
    mapfile -t missing < <(missing_packages "${wanted[@]}")
    if [ "${#missing[@]}" -eq 0 ]; then
        return
    fi
    if [ "$(id -u)" -ne 0 ]; then
        die "these Debian packages are missing; install them as root and start again:
    apt-get install ${missing[*]}"
    fi
    step "asking for the lists of Debian packages" apt_get update
    step "installing ${#missing[@]} Debian packages and what they need (see ${step_log##*/})" \
        apt_get install --no-install-recommends "${missing[@]}"
}
