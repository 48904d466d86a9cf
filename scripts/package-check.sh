#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# package-check.sh [KEEP-DIRECTORY]: builds the Debian packages from a release of this tree, in a
# temporary directory, as an ordinary user and with all tests, which so run once under a distribution's
# flags; looks at them with lintian; then installs them, runs their autopkgtest and removes them again,
# in a throw-away overlay over this system that nothing outside sees. With an argument the packages are
# left there.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/say.sh
. scripts/say.sh
# shellcheck source=scripts/install.sh
. scripts/install.sh
# shellcheck source=scripts/tree.sh
. scripts/tree.sh
# shellcheck source=scripts/build.sh
. scripts/build.sh

if ! [ -d debian ]; then
    echo "skipped: this is no clone, a release has no debian/"
    exit 77
fi
if ! command -v dpkg-buildpackage >/dev/null; then
    echo "skipped: this is no Debian system"
    exit 77
fi
keep=${1:+$(realpath "$1")}
packages=(libroster0 libroster-cluster0 libroster-status0 libroster-dev roster-tools libsqlite3-mod-roster
    mariadb-plugin-roster roster-doc)
work=$(mktemp -d "${TMPDIR:-/tmp}/roster-package.XXXXXX")
trap 'rm -rf "$work"' EXIT

# make_sources: the release, and beside it what Debian adds.
make_sources() {
    mkdir "$work/release"
    configure_in "$work/release" --quiet
    make -s -C "$work/release" dist >"$work/log" 2>&1 ||
        { tail -n 30 "$work/log" && die "make dist failed"; }
    archive=$(basename "$work"/release/roster-*.tar.gz)
    version=${archive#roster-}
    version=${version%.tar.gz}
    cp "$work/release/$archive" "$work/roster_$version.orig.tar.gz"
    tar -C "$work" -xf "$work/release/$archive"
    cp -R debian "$work/roster-$version/"
    [ "$(dpkg-parsechangelog -l debian/changelog -S Version)" = "$version-1" ] ||
        die "debian/changelog is of another version than $version-1"
}

build_packages() {
    local as_user=()
    if [ "$(id -u)" -eq 0 ]; then
        chown -R nobody:nogroup "$work"
        as_user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
    fi
    (cd "$work/roster-$version" && DEB_BUILD_OPTIONS="parallel=$(nproc)" HOME=$work \
        "${as_user[@]}" dpkg-buildpackage -us -uc) >"$work/log" 2>&1 || {
        grep -A 15 -E '^# WRONG|^not ok' "$work/log" | head -n 60 || true
        tail -n 40 "$work/log"
        die "dpkg-buildpackage failed"
    }
    sed -n 's/^# \(TOTAL\|PASS\|SKIP\|FAIL\): */tests: \1 /p' "$work/log"
    grep -q '^# PASS: *[1-9][0-9][0-9]' "$work/log" || die "the packages were built without the tests"
    local name
    for name in "${packages[@]}" libroster0-dbgsym; do
        compgen -G "$work/${name}_$version-1_*.deb" >/dev/null || die "$name was not built"
    done
}

look_at_packages() {
    lintian --allow-root --fail-on error --tag-display-limit 0 "$work"/roster_*.changes ||
        die "lintian found errors"
}

# What runs inside the overlay, as its root directory.
write_try() {
    cat >"$work/try" <<END
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
cd /packages
dpkg -i $(printf './%s_*.deb ' "${packages[@]}")
for tool in roster-bench roster-kv rosterctl; do \$tool --help >/dev/null; done
[ "\$(sqlite3 :memory: '.load roster' 'SELECT count(*) FROM roster_connections')" = 1 ]
[ -e /etc/mysql/mariadb.conf.d/roster.cnf ] && ldd /usr/lib/mysql/plugin/roster_audit.so | grep -q /libroster.so
autopkgtest --no-built-binaries --ignore-restrictions=none roster_*.dsc -- null
dpkg --purge ${packages[*]}
left=\$(find /usr -xdev \\( -iname '*libroster*' -o -name roster.so \\) ! -path '/usr/share/doc/*')
[ -z "\$left" ] || { echo "left behind: \$left"; exit 1; }
echo "installed, tested and removed"
END
}

# try_packages: in a mount namespace of its own, over an overlay that goes away with it.
try_packages() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "not installed: that needs root"
        return
    fi
    mkdir -p "$work/overlay"
    write_try
    # shellcheck disable=SC2016 # expanded inside
    unshare --mount --propagation private bash -euc '
        mount -t tmpfs tmpfs "$1/overlay"
        mkdir "$1"/overlay/{upper,work,root}
        mount -t overlay overlay "$1/overlay/root" \
            -o "lowerdir=/,upperdir=$1/overlay/upper,workdir=$1/overlay/work"
        mount --rbind /dev "$1/overlay/root/dev"
        mount -t proc proc "$1/overlay/root/proc"
        mount -t tmpfs tmpfs "$1/overlay/root/tmp"
        mkdir "$1/overlay/root/packages"
        cp "$1"/*.deb "$1"/*.dsc "$1"/*.tar.* "$1/try" "$1/overlay/root/packages"
        chroot "$1/overlay/root" sh /packages/try' try "$work" >"$work/log" 2>&1 ||
        { tail -n 40 "$work/log" && die "the packages do not install, run or go away"; }
    grep -E 'the program ran|PASS|installed, tested' "$work/log"
}

take_tree
install_packages build check package
say "making the sources"
make_sources
leave_tree
say "building the packages"
build_packages
say "looking at them with lintian"
look_at_packages
say "installing, testing and removing them"
try_packages
(cd "$work" && ls -1 ./*.deb)
if [ -n "$keep" ]; then
    mkdir -p "$keep"
    cp "$work"/*.deb "$work"/*.dsc "$work"/*.tar.* "$work"/*.changes "$work"/*.buildinfo "$keep"
fi
