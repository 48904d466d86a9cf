#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# dist-check.sh [COMMIT]: makes two releases of one commit, in different directories, at different
# times and with different permissions, and compares their bytes; then a third from a release.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! git rev-parse --git-dir >/dev/null 2>&1; then
    echo "skipped: this is no clone, there is no commit to make a release of"
    exit 77
fi
commit=$(git rev-parse "${1:-HEAD}")
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-dist.XXXXXX")
trap 'rm -rf "$work"' EXIT

# run LOG COMMAND...: shows what the command says only when it fails.
run() {
    local log=$1
    shift
    "$@" >>"$log" 2>&1 || {
        tail -n 20 "$log"
        exit 1
    }
}

# release SOURCES BUILD: runs make dist.
release() {
    mkdir "$2"
    (cd "$2" && run log "$1/configure" --quiet && run log make --no-print-directory dist)
}

# clone_and_release DIRECTORY
clone_and_release() {
    git clone --quiet --no-checkout . "$1/sources"
    git -C "$1/sources" -c advice.detachedHead=false checkout --quiet "$commit"
    run "$1/log" "$1/sources/bootstrap"
    release "$1/sources" "$1/build"
}

# same WHAT FILE FILE
same() {
    if ! cmp "$2" "$3"; then
        echo "FAILED: $1"
        exit 1
    fi
    echo "$1: the same bytes"
}

mkdir "$work/one" "$work/the-other"
(umask 077 && clone_and_release "$work/one")
(umask 002 && export TZ=Asia/Tokyo LC_ALL=C.UTF-8 && clone_and_release "$work/the-other")
archive=$(basename "$work"/one/build/roster-*.tar.gz)
same "two releases of ${commit:0:12}" "$work/one/build/$archive" "$work/the-other/build/$archive"

mkdir "$work/again"
tar -C "$work/again" -xf "$work/one/build/$archive"
release "$work/again/${archive%.tar.gz}" "$work/again/build"
# Only a checkout takes warnings for errors.
grep -q '^  werror  *yes' "$work/one/build/log" ||
    { echo "FAILED: -Werror is not the default in a checkout" && exit 1; }
grep -q '^  werror  *no' "$work/again/build/log" ||
    { echo "FAILED: -Werror is the default in a release" && exit 1; }
same "a release made from the release" "$work/one/build/$archive" "$work/again/build/$archive"
