#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# foreign-packages.sh ARCHITECTURE DIRECTORY PACKAGE...: unpacks Debian packages of another
# architecture under that directory, as they would lie under /. Nothing is installed, dpkg gets no
# further architecture, and apt's lists are a copy of their own, so this needs no root and leaves the
# machine as it was. Packages that those depend on have to be named too.
#
# A mirror that does not answer is asked again, three times in a minute. Exits 1 when the packages
# could not be had.

set -euo pipefail

arch=${1:?usage: foreign-packages.sh ARCHITECTURE DIRECTORY PACKAGE...}
mkdir -p "${2:?usage: foreign-packages.sh ARCHITECTURE DIRECTORY PACKAGE...}"
to=$(realpath "$2")
shift 2

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-foreign.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{debs,state/lists/partial,cache/archives/partial}
: >"$work/state/status"
apt=(apt-get --quiet --quiet -o "APT::Architecture=$arch" -o "APT::Architectures::=$arch"
    -o "Dir::State=$work/state" -o "Dir::State::status=$work/state/status"
    -o "Dir::Cache=$work/cache" -o Acquire::Languages=none -o APT::Sandbox::User=
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20)

# One index that cannot be had does not matter as long as another has the packages.
fetch() {
    "${apt[@]}" update || echo "some of apt's indices are missing"
    (cd "$work/debs" && "${apt[@]}" download "$@")
}

for pause in 10 30 0; do
    if fetch "$@"; then
        for package in "$work"/debs/*.deb; do
            dpkg-deb --extract "$package" "$to"
        done
        exit 0
    fi
    sleep "$pause"
done
echo "foreign-packages.sh: the mirrors in /etc/apt do not give all of these for $arch: $*" >&2
exit 1
