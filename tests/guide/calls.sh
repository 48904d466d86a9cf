#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each public function is called by one of the examples, each member of an options struct is set by an
# example, a tool or a benchmark, and the small programs of examples/calls run to their end without a
# complaint.

set -u
wrong=0
fail() {
    wrong=1
    echo "WRONG: $*"
}

functions=$(sed -n '/ROSTER_API/,/;/p' "$ROSTER_SRCDIR"/include/roster/*.h | tr '\n' ' ' | tr ';' '\n' |
    sed -n 's/.*ROSTER_API[^(]*\b\(roster_[a-z0-9_]*\)(.*/\1/p')
[ "$(wc -l <<<"$functions")" -gt 100 ] || fail "the headers are read wrongly"
for function in $functions; do
    grep -qrw --include='*.c' "$function" "$ROSTER_SRCDIR/examples" ||
        fail "no example calls $function()"
done

# members: "STRUCT MEMBER" of what a caller fills in.
members() {
    # shellcheck disable=SC2016 # awk's
    awk -f "$ROSTER_SRCDIR/doc/headers.awk" -f <(echo '
        function on_file(text) {}
        function on_function(result, name, params, text) {}
        function on_type(kind, name, code, text,    lines, n, i) {
            if (name !~ /(options|attr|filter)$/)
                return
            gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, "", code)
            n = split(code, lines, ";")
            for (i = 1; i < n; i++)
                if (match(lines[i], /[a-z_0-9]+$/))
                    print name, substr(lines[i], RSTART)
        }') "$ROSTER_SRCDIR"/include/roster/*.h | grep -v -e ' size$' -e ' reserved$'
}
[ "$(members | wc -l)" -gt 100 ] || fail "the structs are read wrongly"
while read -r struct member; do
    grep -rqE --include='*.[ch]' "(\.|->)$member\b" "$ROSTER_SRCDIR"/{examples,bench,src/status,src/rosterctl,src/sqlite} ||
        fail "nothing sets $member of struct $struct"
done < <(members)

for program in sql session cluster status; do
    program=$ROSTER_BUILDDIR/examples/calls/$program
    [ -x "$program" ] || continue # a build without that library
    out=$(cd "${TMPDIR:-/tmp}" && "$program" 2>&1) || fail "$program ended with status $?"
    printf '%s\n' "$out"
    ! grep -e '?' -e ' no$' <<<"$out" || fail "$program says that something is not as it should be"
done
exit "$wrong"
