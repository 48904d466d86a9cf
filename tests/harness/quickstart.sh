#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# ./quickstart after it was interrupted anywhere, twice at once, beside sources that are configured in
# place, and with packages to install. Its tools are stand-ins that leave what the real ones leave.

set -u
cd "$TMPDIR" || exit 99
wrong=0
fail() {
    wrong=1
    echo "WRONG: $*"
    sed 's/^/  /' out
}
for tool in flock setsid; do
    command -v "$tool" >/dev/null || { echo "there is no $tool" && exit 77; }
done
env --default-signal=INT true 2>/dev/null || { echo "env cannot reset signals" && exit 77; }

mkdir -p bin tree
cp -R "$ROSTER_SRCDIR/quickstart" "$ROSTER_SRCDIR/bootstrap" "$ROSTER_SRCDIR/scripts" tree/
chmod -R u+w tree
# What the outer make says is for its own children.
unset MAKEFLAGS MAKELEVEL MFLAGS ROSTER_TREE
export PATH=$PWD/bin:$PATH here=$PWD

# stand_in NAME: a program that is read from standard input. strike POINT: where $strike names that
# point, the whole process group gets $signal, as from a terminal.
stand_in() {
    {
        # shellcheck disable=SC2016 # expanded there
        printf '%s\n' '#!/bin/bash' 'set -e' 'strike() {' \
            '    if [ "${strike-}" = "$1" ]; then kill "-$signal" 0; /bin/sleep 60; fi' '}'
        cat
    } >"bin/$1"
    chmod +x "bin/$1"
}
stand_in autoreconf <<'END'
mkdir -p build-aux
cat >configure <<'CONFIGURE'
#!/bin/bash
. "$here/strike"
sources=$(cd "$(dirname "$0")" && pwd)
[ -e "$sources/Makefile.in" ] || exit 77 # half a bootstrap
[ ! -e "$sources/config.status" ] || [ "$sources" = "$PWD" ] || exit 78
rm -f stamp-configured
touch config.status Makefile
strike configure
touch libtool
echo "$sources" >stamp-configured
CONFIGURE
chmod +x configure
strike autoreconf
touch Makefile.in
END
sed -n '/^strike()/,/^}/p' bin/autoreconf >strike
stand_in make <<'END'
[ "$1" != distdir ] || { mkdir -p build-sources && cp configure Makefile.in build-sources/ && exit; }
[ "$1" != -C ] || cd "$2"
[ -e libtool ] || exit 79 # half a configuration
if ! mkdir busy; then
    echo "two at once"
    exit 80
fi
trap 'rmdir busy' EXIT
case $* in
*clean*)
    rm -f product
    exit
    ;;
*check*) echo ':test-result: PASS' >some.trs ;;
esac
if ! [ -e product ]; then
    # An interrupt makes make remove its target, a kill does not.
    trap 'rm -f product; exit 130' INT TERM HUP
    echo half >product
    if [ "${strike-}" = make ]; then
        if [ "$signal" = KILL ]; then rmdir busy; fi
        strike make
    fi
    echo whole >product
fi
sleep 0.05
END
stand_in dpkg-query <<'END'
echo "${packages-install ok installed}"
END
stand_in id <<'END'
echo 0
END
stand_in sleep <<'END'
/bin/sleep 0.02
END
stand_in apt-get <<'END'
for ((i = 0; i < 150; i++)); do echo "Unpacking something $i"; done
case $*:${apt-} in
*update*:busy) mv "$here/free" "$here/was-free" 2>/dev/null || { touch "$here/free"
    echo "E: Could not get lock /var/lib/apt/lists/lock." && exit 100; } ;;
*install*:broken) echo "E: Unable to fetch some archives" && exit 100 ;;
esac
END

fresh() {
    (cd tree && rm -rf build build-aux build-sources configure config.status Makefile* libtool stamp-*)
}
# quickstart: as from a terminal, in a process group of its own.
quickstart() {
    env --default-signal=INT,TERM,HUP setsid --wait tree/quickstart check >"${1-out}" 2>&1
}
whole() {
    [ "$(tail -n 1 out)" = "1 passed, 0 failed" ] && [ "$(cat tree/build/product)" = whole ]
}

for signal in INT TERM HUP KILL; do
    for point in autoreconf configure make; do
        fresh
        export signal strike=$point
        quickstart && fail "SIG$signal in $point is taken for success"
        strike=
        quickstart || fail "after SIG$signal in $point: status $?"
        whole || fail "after SIG$signal in $point: not all was made"
    done
done

# A second one waits for the first.
fresh
quickstart out.first &
quickstart || fail "the second of two at once fails with status $?"
wait $! || fail "the first of two at once fails with status $?"
whole || fail "the second of two at once did not make all"
cat out.first out >both
grep -q 'waiting for process [0-9]*, which builds' both || fail "neither of two waited"
! grep -q 'two at once' both || fail "two ran at once"

# Sources that are configured in place stay as they are.
fresh
(cd tree && ./bootstrap && ./configure) >out || fail "the stand-ins do not work"
quickstart || fail "sources that are configured in place: status $?"
whole || fail "sources that are configured in place: not all was made"
[ -e tree/config.status ] || fail "the configuration in the sources is gone"
rm tree/config.status
quickstart || fail "sources that were configured in place: status $?"
[ "$(cat tree/build/stamp-configured)" -ef tree ] || fail "still builds from the copy"

# A tree in another place, as after mv or cp.
cp -R tree moved
rm -f moved/build/libtool
(cd moved && ./quickstart check) >out 2>&1 || fail "a tree that was moved: status $?"

# The user sees what Roster does, and apt's words when it fails.
fresh
export packages='unknown ok not-installed'
quickstart || fail "packages: status $?"
[ "$(wc -l <out)" -lt 12 ] || fail "too much is shown of installing packages"
grep -q 'installing [0-9]* Debian packages' out || fail "does not tell that it installs packages"
apt=busy quickstart || fail "apt's lists were locked for a while: status $?"
[ -e was-free ] || fail "did not wait for apt's lists"
fresh
apt=broken quickstart && fail "packages that cannot be had are taken for success"
grep -q 'Unable to fetch' out || fail "the reason is not shown"
grep -q "output is in .*/tree/quickstart.log" out || fail "the log is not named"
grep -q 'Unpacking something 3' tree/quickstart.log || fail "the log is not complete"

# The real ones: nothing of a configuration comes after its stamp.
# shellcheck disable=SC2016 # the dollar is in configure
last=$(sed -n 's/^ *ac_config_commands="$ac_config_commands \(.*\)"/\1/p' "$ROSTER_SRCDIR/configure" |
    tail -n 1)
[ "$last" = stamp-configured ] || fail "config.status makes $last after the stamp"
exit "$wrong"
