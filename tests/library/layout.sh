#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What a file of src includes is what the table of components in CONTRIBUTING.md allows, no row of
# that table allows a row below it, no files include each other in a circle, and the diagram of the
# components is that of the includes. The includes of a file have one order. Each file begins with the two
# SPDX lines, the license first, and each source file, or its header, says in its first lines what it is
# for. No header is read twice. The example server stays an example. Planted violations show that each of this
# is noticed.

set -eu

# check TOP: prints what is wrong there.
check() {
    (cd "$1" && find src -name '*.[ch]' -exec grep -HE '^# *include ["<]' {} + |
        awk -v edges="$work/edges" '
        # The table: | `src/FOLDER/` | what it is | `what`, `it`, `may include` |
        FNR == NR {
            if ($0 !~ /^\| `src\/[a-z_\/]*\/` \|/)
                next
            split($0, cells, "|")
            split(cells[2], name, "`")
            folder = substr(name[2], 5)
            sub(/\/$/, "", folder)
            known[folder] = 1
            n = split(cells[4], name, "`")
            for (i = 2; i <= n; i += 2) {
                allowed[folder, name[i]] = 1
                above = name[i]
                sub(/\/[a-z_0-9]*\.h$/, "", above)
                if (!(above in known) || above == folder)
                    print "CONTRIBUTING.md: " folder " may include " above ", which is no row above it"
            }
            next
        }
        {
            file = $0
            sub(/:.*/, "", file)
            folder = file
            sub(/^src\//, "", folder)
            sub(/\/[^\/]*$/, "", folder)
            header = $0
            sub(/^[^:]*:# *include ["<]/, "", header)
            sub(/[">].*/, "", header)
            if (!(folder in known) && !(folder in told)) {
                print "CONTRIBUTING.md: no row for src/" folder "/"
                told[folder] = 1
            }
            if (header ~ /^urcu/ && file !~ /^src\/core\/base\/(rcu.h|reclaim.c)$/)
                print file " includes " header
            if ($0 ~ /include </ || header == "config.h")
                next
            if (header !~ /\//)
                header = folder "/" header
            target = header
            sub(/\/[^\/]*$/, "", target)
            if (target != folder && !((folder, target) in allowed) && !((folder, header) in allowed))
                print file " includes " header
            # A source file and its header are one.
            sub(/^src\//, "", file)
            sub(/\.[ch]$/, "", file)
            sub(/\.h$/, "", header)
            if (file != header)
                print file, header > edges
            checked++
        }
        END {
            if (checked < 100)
                print "only " checked + 0 " includes were found"
        }' CONTRIBUTING.md -)
    tsort "$work/edges" 2>&1 >/dev/null | sed 's/^tsort: [^ ]*edges: /circle: /; s/^tsort: /circle:     /'
}

work=$(mktemp -d "${TMPDIR:-/tmp}/roster-layout.XXXXXX")
trap 'rm -rf "$work"' EXIT
check "$ROSTER_SRCDIR" >"$work/wrong"
if [ -s "$work/wrong" ]; then
    cat "$work/wrong"
    exit 1
fi

# says FILE: whether its first lines have a comment besides those of the license.
says() {
    awk 'FNR <= 14 && !/SPDX/ && /^( \*|\/\*) ["`A-Za-z0-9]/ { found = 1; exit } END { exit !found }' "$1"
}
# silent TOP: prints the files that do not.
silent() {
    find "$1/src" "$1/include" "$1/examples" "$1/bench" "$1/tests" -name '*.[ch]' |
        while read -r file; do
            says "$file" || { [ -e "${file%.c}.h" ] && says "${file%.c}.h"; } || echo "$file"
        done
}
silent "$ROSTER_SRCDIR" >"$work/silent"
if [ -s "$work/silent" ]; then
    echo "no comment in the first lines says what these are for:"
    cat "$work/silent"
    exit 1
fi

# configured TOP: prints the files that include config.h for nothing, and those that use a macro of it
# without including it. _GNU_SOURCE is an option of the compiler.
macros=$(sed -n 's/^# *undef //p' "$ROSTER_SRCDIR/config.h.in" | paste -sd '|')
configured() {
    (
        cd "$1"
        grep -rlE --include='*.[ch]' '^#include "config\.h"' src examples bench tests | sort >"$work/include"
        grep -rlwE --include='*.[ch]' "$macros" src examples bench tests | sort >"$work/use"
        comm -3 "$work/include" "$work/use"
    )
}
configured "$ROSTER_SRCDIR" >"$work/configured"
if [ -s "$work/configured" ]; then
    echo "these include config.h and use none of its macros, or (right column) use one without including it:"
    cat "$work/configured"
    exit 1
fi

# disordered TOP: prints the includes that stand behind one of a later kind: config.h, a source file's own
# header, other headers between quotes, headers in angle brackets.
disordered() {
    find "$1/src" "$1/include" "$1/examples" "$1/bench" "$1/tests" -name '*.[ch]' -exec awk '
        FNR == 1 {
            last = 0
            own = FILENAME
            sub(/\.c$/, ".h", own)
        }
        /^#include ["<]/ {
            split($0, name, /[">]/)
            header = "/" name[2]
            if ($2 == "\"config.h\"")
                kind = 1
            else if ($2 ~ /^"/)
                kind = substr(own, length(own) - length(header) + 1) == header ? 2 : 3
            else
                kind = 4
            if (kind < last)
                print FILENAME ": " $0
            last = kind
        }' {} +
}
disordered "$ROSTER_SRCDIR" >"$work/disordered"
if [ -s "$work/disordered" ]; then
    echo "these includes stand behind one of a later kind:"
    cat "$work/disordered"
    exit 1
fi

# reincluded TOP: prints the headers that can be read twice: a private one begins with #pragma once, a public one
# with a guard, which any compiler knows and which knows a copy of the header, too.
reincluded() {
    find "$1/src" "$1/include" "$1/examples" "$1/bench" "$1/tests" \( -name '*.h' -o -name '*.hpp' \) -exec awk -v top="$1/" '
        FNR == 1 { first = "" }
        first == "" && /^[^ \/]/ {
            first = $0
            file = substr(FILENAME, length(top) + 1)
            if (file ~ /^include\// ? first !~ /^#ifndef ROSTER_[A-Z_]+_H(PP)?$/ : first != "#pragma once")
                print file ": " first
        }' {} +
}
reincluded "$ROSTER_SRCDIR" >"$work/reincluded"
if [ -s "$work/reincluded" ]; then
    echo "these headers do not begin with #pragma once or, in include/, with a guard:"
    cat "$work/reincluded"
    exit 1
fi

# unlicensed TOP: prints the files that do not begin with the two SPDX lines, the license first. Those of
# debian/ have none, nor has what a build in the same place generates.
unlicensed() {
    find "$1" \( -name .git -o -name 'autom4te*' -o -name corpus -o -path "$1/debian" -o -path "$1/build*" \
        -o -path "$1/_*" -o -name config.h -o -name page_data.c -o -name forked_calls.c \) -prune -o -type f \
        \( -name '*.[ch]' -o -name '*.am' -o -name '*.awk' -o -name '*.md' -o -name '*.mutant' \
        -o -name '*.p[my]*' -o -name '*.sh' -o -name .gitignore \) -exec awk '
        FNR == 1 { license = 0 }
        FNR <= 5 && /SPDX-License-Identifier: LGPL-2.1-or-later/ { license = FNR }
        FNR <= 6 && /SPDX-FileCopyrightText: / && license && FNR == license + 1 { license = -1 }
        FNR == 6 && license != -1 { print FILENAME; nextfile }' {} +
}
unlicensed "$ROSTER_SRCDIR" >"$work/unlicensed"
if [ -s "$work/unlicensed" ]; then
    echo "these do not begin with the two SPDX lines, the license first:"
    cat "$work/unlicensed"
    exit 1
fi

# The front end of the example server is any server's.
if grep -n roster/ "$ROSTER_SRCDIR"/examples/resp/*.[ch]; then
    echo "examples/resp knows nothing of Roster"
    exit 1
fi

# long TOP: whether the server itself has become too long to be read in an evening.
long() {
    [ "$(find "$1/examples/kv" \( -name '*.[ch]' -o -name '*.am' \) -exec cat {} + | wc -l)" -gt 2500 ]
}
if long "$ROSTER_SRCDIR"; then
    echo "examples/kv has more than 2500 lines: what any server needs belongs to examples/resp or a library"
    exit 1
fi

# drawn TOP: whether the diagram is that of the includes.
drawn() {
    sum=$("$1/doc/renew-components" --graph | cksum)
    grep -qF "<!-- includes: $sum -->" "$1/doc/components.svg"
}
drawn "$ROSTER_SRCDIR" || {
    echo "doc/components.svg is not what src includes: run doc/renew-components, which needs graphviz"
    exit 1
}

# planted WHAT EXPECTED: the copy in $work/top has a violation, which must be told as expected.
planted() {
    check "$work/top" >"$work/told"
    if ! grep -q "$2" "$work/told"; then
        echo "not noticed: $1"
        cat "$work/told"
        exit 1
    fi
}

# copy: the sources as they are.
copy() {
    rm -rf "$work/top"
    mkdir "$work/top"
    mkdir "$work/top/doc"
    cp -R "$ROSTER_SRCDIR/src" "$ROSTER_SRCDIR/CONTRIBUTING.md" "$work/top"
    cp "$ROSTER_SRCDIR/doc/renew-components" "$ROSTER_SRCDIR/doc/components.awk" \
        "$ROSTER_SRCDIR/doc/components.svg" "$work/top/doc"
    chmod -R u+w "$work/top"
}

copy
echo '#include "core/owner/owner.h"' >>"$work/top/src/core/base/hot.c"
if drawn "$work/top"; then
    echo "not noticed: a diagram without an include"
    exit 1
fi
planted "an include of what stands above" '^src/core/base/hot.c includes core/owner/owner.h$'
copy
echo '#include "core/roster/session.h"' >>"$work/top/src/store/store.c"
planted "a store that knows sessions" '^src/store/store.c includes core/roster/session.h$'
copy
echo '#include "core/base/hot.h"' >>"$work/top/src/core/base/rcu.h"
planted "a circle inside a folder" '^circle:     core/base/hot$'
copy
mkdir "$work/top/src/core/extra"
echo '#include "core/base/rcu.h"' >"$work/top/src/core/extra/new.c"
planted "a folder that the table does not have" '^CONTRIBUTING.md: no row for src/core/extra/$'
copy
# shellcheck disable=SC2016 # quotes of the page
sed 's,^| `src/core/base/` |\(.*\)|[^|]*|$,| `src/core/base/` |\1| `core/roster` |,' "$ROSTER_SRCDIR/CONTRIBUTING.md" \
    >"$work/top/CONTRIBUTING.md"
planted "a table that allows a circle" 'core/base may include core/roster, which is no row above it$'
copy
echo '#include <urcu-bp.h>' >>"$work/top/src/core/sql/rows.c"
planted "another file that includes liburcu" '^src/core/sql/rows.c includes urcu-bp.h$'

mkdir "$work/top/include" "$work/top/examples" "$work/top/bench" "$work/top/tests"
[ -z "$(silent "$work/top")" ]
printf '/* SPDX-License-Identifier: LGPL-2.1-or-later */\n\nint silent;\n' >"$work/top/tests/silent.c"
silent "$work/top" | grep -q '/tests/silent.c$' || {
    echo "not noticed: a file that does not say what it is for"
    exit 1
}
printf '#include <errno.h>\n#include "other.h"\n' >"$work/top/src/swapped.c"
printf '#include "other.h"\n#include "swapped.h"\n' >"$work/top/bench/swapped.c"
printf '#include <errno.h>\n\n#include "config.h"\n' >"$work/top/tests/swapped.c"
[ "$(disordered "$work/top" | grep -c 'swapped.c: ')" -eq 3 ] || {
    echo "not noticed: includes in another order"
    exit 1
}
printf '/*\n * SPDX-FileCopyrightText: 2026\n * SPDX-License-Identifier: LGPL-2.1-or-later\n *\n */\n\n' \
    >"$work/top/src/swapped.c"
unlicensed "$work/top" | grep -q '/src/swapped.c$' || {
    echo "not noticed: a copyright in front of the license"
    exit 1
}
mkdir "$work/top/examples/kv"
cat "$ROSTER_SRCDIR"/examples/kv/*.c "$ROSTER_SRCDIR"/examples/kv/*.c >"$work/top/examples/kv/twice.c"
long "$work/top" || {
    echo "not noticed: an example server of more than 2500 lines"
    exit 1
}
rm -r "$work/top/examples/kv"
printf '#ifndef PLANTED_H\n#define PLANTED_H\n#endif\n' >"$work/top/bench/planted.h"
printf '#pragma once\n' >"$work/top/include/planted.h"
printf '#include "config.h"\n#pragma once\n' >"$work/top/src/planted.h"
[ "$(reincluded "$work/top" | grep -c 'planted.h: ')" -eq 3 ] || {
    echo "not noticed: a header with another guard than its neighbours"
    exit 1
}
rm "$work/top"/*/planted.h
printf '#include "config.h"\n' >"$work/top/tests/silent.c"
printf '#ifdef HAVE_SQLITE\n#endif\n' >"$work/top/bench/silent.c"
[ "$(configured "$work/top" | grep -c silent)" -eq 2 ] || {
    echo "not noticed: config.h included for nothing, or not included"
    exit 1
}
