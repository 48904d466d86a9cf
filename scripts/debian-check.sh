#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# debian-check.sh RELEASE DIRECTORY: the two commands of the README on another release of Debian, in a
# system that debootstrap makes in that directory, from a clean clone of what is committed; then the
# tests that depend on the compiler, with that release's clang. The results are below
# DIRECTORY/root/roster as after "make check".
#
# Needs root. Mounts and processes go away with this script; the directory stays. Exits 77 when
# something is missing.

set -euo pipefail

usage="usage: debian-check.sh RELEASE DIRECTORY"
release=${1:?$usage}
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mkdir -p "${2:?$usage}"
root=$(realpath "$2")

skip() {
    echo "skipped: $*"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "debootstrap needs root"
for tool in debootstrap git unshare; do
    command -v "$tool" >/dev/null || skip "there is no $tool"
done
git -C "$top" rev-parse --git-dir >/dev/null 2>&1 || skip "this is no clone"

# mirror: the one that this system has its packages from.
mirror() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' \
        2>/dev/null | grep -v security | sed -n 1p
}

if ! [ -e "$root/root/complete" ]; then
    debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$(mirror)" ||
        { tail -n 20 "$root/debootstrap/debootstrap.log" && exit 1; }
    touch "$root/root/complete"
fi
rm -rf "$root/root/roster"
git clone --quiet --no-hardlinks "$top" "$root/root/roster"
cp /etc/resolv.conf "$root/etc/resolv.conf"

cat >"$root/root/try" <<'END'
set -eux
cd /root/roster
. /etc/os-release
echo "$PRETTY_NAME"
./quickstart
status=0
./quickstart check || status=$?
. scripts/say.sh
. scripts/tree.sh
. scripts/install.sh
. scripts/build.sh
. scripts/results.sh
take_tree
install_packages build check ci
configure_in build-clang --with-criterion CC=clang CXX=clang++
build_in build-clang
test_in build-clang check-core || status=$?
failed_results build-clang
exit "$status"
END

# shellcheck disable=SC2016 # expanded inside
exec unshare --mount --propagation private --pid --fork --kill-child bash -euc '
    mount -t proc proc "$1/proc"
    mount -t sysfs sysfs "$1/sys"
    mount --rbind /dev "$1/dev"
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb CI=true \
        chroot "$1" bash /root/try </dev/null' try "$root"
