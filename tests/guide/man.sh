#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Every manual page renders without a warning; every public function is on one, every page that is
# referred to is there, and the options told of programs are those that they have.

set -u
export LC_ALL=C
cd "$TMPDIR" || exit 99
wrong=0
fail() {
    wrong=1
    echo "WRONG: $*"
}
command -v man >/dev/null || { echo "man-db is not installed" && exit 77; }

pages=("$ROSTER_BUILDDIR"/doc/man/roster_*.3 "$ROSTER_SRCDIR"/doc/man/*.[1578]
    "$ROSTER_SRCDIR"/src/rosterctl/rosterctl.1)
for page in "${pages[@]}"; do
    LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" >rendered 2>warnings ||
        fail "${page##*/} does not render"
    [ ! -s warnings ] || fail "${page##*/}: $(cat warnings)"
    [ "$(wc -l <rendered)" -gt 40 ] || fail "${page##*/} is nearly empty"
    if command -v mandoc >/dev/null; then
        mandoc -T lint -W error "$page" || fail "${page##*/}: mandoc finds errors"
    fi
    # What no reader should see of a comment.
    if grep -nE '(\\e(param|retval|file|return)|SPDX|/\*\*|/<|^ \* )' "$page" | grep -v '^[0-9]*:\.\\"'; then
        fail "${page##*/}: a comment's marks are left"
    fi
done
echo "${#pages[@]} pages"
[ "${#pages[@]}" -ge 25 ] || fail "too few"

# exported: the functions of both libraries. documented: those with a heading on a page.
for library in "$ROSTER_BUILDDIR"/.libs/libroster*.so; do
    $ROSTER_NM -D --defined-only "$library"
done | sed -n 's/.* T \(roster_[a-z_0-9]*\).*/\1/p' | sort -u >exported
sed -n 's/^\.Ss \(roster_[a-z_0-9]*\)()$/\1/p' "${pages[@]}" | sort -u >documented
[ "$(wc -l <exported)" -gt 80 ] || fail "found too few functions"
comm -23 exported documented >missing
[ ! -s missing ] || fail "without a page: $(tr '\n' ' ' <missing)"

sed -n 's/^\.\(Xr\|It Xr\) \(roster[a-z_-]*\) \([0-9]\).*/\2.\3/p' "${pages[@]}" | sort -u >meant
printf '%s\n' "${pages[@]##*/}" | sort -u >there
comm -23 meant there >missing
[ ! -s missing ] || fail "referred to and not there: $(tr '\n' ' ' <missing)"

# The index names every page of the project.
sed -n '/^\.Sh/,$s/^\.\(Xr\|It Xr\) \(roster[a-z_-]*\) \([0-9]\).*/\2.\3/p' "$ROSTER_SRCDIR/doc/man/roster.7" |
    sort -u >indexed
printf '%s\n' "${pages[@]##*/}" | grep -v '^roster\.7$' | sort -u | comm -23 - indexed >missing
[ ! -s missing ] || fail "not in roster.7: $(tr '\n' ' ' <missing)"

# part PAGE: its own options, or with $command those of that command, which have a heading.
part() {
    if [ -n "${command-}" ]; then
        sed -n "/^\.Ss Options of $command\$/,/^\.S[hs] [^O]/p" "$1"
    else
        sed '/^\.Ss Options of /,/^\.S[hs] [^O]/d' "$1"
    fi
}

# options PAGE PROGRAM [OPTION...]: a program that has these has all. With $command, of that.
options() {
    [ -x "$2" ] || return 0
    # shellcheck disable=SC2086 # one word or none
    "$2" ${command-} --help >help
    # argp breaks off a line of spaces when a text ends in the last column.
    ! grep -nE '^ +$|^.{80}' help || fail "${2##*/} ${command-} --help has lines of spaces, or too long ones"
    grep -oE -e '--[a-z-]+' help | sort -u >has
    [ -z "${command-}" ] || printf "%s\n" --help --usage >told_elsewhere
    part "$1" | sed -n 's/^\.It Fl /\n/p' | grep -oE -e '-[a-z][a-z-]+' | sed 's/^/-/' | sort -u >told
    [ -z "${command-}" ] || sort -u -o told told told_elsewhere
    comm -23 has told >differences
    [ ! -s differences ] || fail "${1##*/} does not tell of $(tr '\n' ' ' <differences)"
    # What configure left out the program has not.
    local marker
    for marker in "${@:3}"; do
        grep -qx -e "$marker" has || return 0
    done
    comm -13 has told >differences
    [ ! -s differences ] || fail "${1##*/} tells of $(tr '\n' ' ' <differences)"
}
options "$ROSTER_SRCDIR/doc/man/roster-kv.1" "$ROSTER_BUILDDIR/examples/kv/roster-kv" --store --status
options "$ROSTER_SRCDIR/doc/man/roster-bench.1" "$ROSTER_BUILDDIR/bench/roster-bench"
command=compare options "$ROSTER_SRCDIR/doc/man/roster-bench.1" "$ROSTER_BUILDDIR/bench/roster-bench"
exit "$wrong"
