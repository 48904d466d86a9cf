#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Each public header compiles by itself and twice, as strict C11 and as C++11, with the initializers
# that it defines, and all together in other versions of both languages and with clang; under the
# warnings that the projects which include them may have switched on, none of which is met. What counts
# an enum's numbers is one more than the greatest, and no enumerator is a bound in src.

set -eu

cd "$TMPDIR"
wrong=0
checked=0
: >all.c
cat >c_program.c <<'END'
int main(void) { return 0; }
END

# accepted COMPILER FLAG...: those that it knows.
accepted() {
    compiler=$1
    shift
    for flag; do
        # shellcheck disable=SC2086 # the compiler may hold options
        if $compiler -Werror "$flag" -fsyntax-only -x "$language" c_program.c 2>/dev/null; then
            printf ' %s' "$flag"
        fi
    done
}
both='-Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wcast-qual -Wcast-align
    -Wmissing-declarations -Wredundant-decls -Wundef -Wswitch-enum -Wswitch-default -Wfloat-equal
    -Wdouble-promotion -Wformat=2 -Wpointer-arith -Wwrite-strings -Wvla -Wlogical-op -Wduplicated-cond
    -Wduplicated-branches -Wnull-dereference -Wunused-macros -Wcomma -Wassign-enum -Wdocumentation
    -Wreserved-identifier -Wextra-semi -Wimplicit-fallthrough'
only_c='-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wnested-externs
    -Wbad-function-cast -Wc++-compat -Wdeclaration-after-statement'
only_cxx='-Wold-style-cast -Wzero-as-null-pointer-constant -Wuseless-cast -Wnon-virtual-dtor
    -Woverloaded-virtual -Weffc++ -Wsuggest-override -Wstrict-null-sentinel -Wcatch-value
    -Wdeprecated -Wshadow-all'

# compile COMPILER OPTIONS FILE
compile() {
    # shellcheck disable=SC2086 # options are several words
    if ! $1 $2 -Werror -I"$ROSTER_SRCDIR/include" -c -o out.o "$3"; then
        echo "WRONG: $3 with $1 $2"
        wrong=1
    fi
}

language=c
# shellcheck disable=SC2086,SC2153 # flags are several words; set by make
c_flags=$(accepted "$ROSTER_CC" $both $only_c)
if [ -n "$ROSTER_CXX" ]; then
    language=c++
    # shellcheck disable=SC2086
    cxx_flags=$(accepted "$ROSTER_CXX" $both $only_cxx)
fi
for path in "$ROSTER_SRCDIR"/include/roster/*.h; do
    header=${path##*/}
    {
        printf '#include <roster/%s>\n#include <roster/%s>\nextern int used_%d;\n' \
            "$header" "$header" "$checked"
        sed -n 's/^#define ROSTER_\([A-Z_]*\)_INIT .*/\1/p' "$path" | while read -r name; do
            type=roster_$(printf %s "$name" | tr '[:upper:]' '[:lower:]')
            printf 'void use_%s(struct %s *to);\nvoid use_%s(struct %s *to)\n{\n' \
                "$type" "$type" "$type" "$type"
            printf '    struct %s made = ROSTER_%s_INIT;\n    *to = made;\n}\n' "$type" "$name"
        done
    } | tee "${header%.h}.c" >"${header%.h}.cc"
    cat "${header%.h}.c" >>all.c
    compile "$ROSTER_CC" "-std=c11 $c_flags" "${header%.h}.c"
    if [ -n "$ROSTER_CXX" ]; then
        compile "$ROSTER_CXX" "-std=c++11 $cxx_flags" "${header%.h}.cc"
    fi
    checked=$((checked + 1))
done
grep -q 'ROSTER_OPTIONS_INIT' all.c || wrong=1
cp all.c all.cc

for standard in c99 gnu99 c17 gnu2x; do
    compile "$ROSTER_CC" "-std=$standard $c_flags" all.c
done
if [ -n "$ROSTER_CXX" ]; then
    for standard in gnu++11 c++17 c++20 gnu++20; do
        compile "$ROSTER_CXX" "-std=$standard $cxx_flags" all.cc
    done
fi
if command -v clang++ >/dev/null; then
    language=c
    # shellcheck disable=SC2086
    compile clang "-std=c11 $(accepted clang $both $only_c)" all.c
    language=c++
    # shellcheck disable=SC2086
    compile clang++ "-std=c++11 $(accepted clang++ $both $only_cxx)" all.cc
fi
echo "$checked headers, C compiler $ROSTER_CC, C++ compiler ${ROSTER_CXX:-none}"
echo "flags of C:$c_flags"
echo "flags of C++:${cxx_flags-}"

[ "$checked" -gt 0 ] || wrong=1

# "MACRO NUMBER GREATEST" for each count that follows an enum, and the names of the enumerators.
cat "$ROSTER_SRCDIR"/include/roster/*.h | tr -d '\r' | awk '
    /^enum [a-z_]+ \{/ { inside = 1; number = -1; greatest = -1 }
    inside && match($0, /^ *ROSTER_[A-Z0-9_]+/) {
        name = substr($0, RSTART, RLENGTH)
        gsub(/ /, "", name)
        number = match($0, /= [0-9]+/) ? substr($0, RSTART + 2, RLENGTH - 2) + 0 : number + 1
        if (number > greatest)
            greatest = number
        print name >"enumerators"
    }
    inside && /};/ { inside = 0 }
    /^(struct|typedef|ROSTER_API)/ { greatest = -1 }
    /^#define ROSTER_[A-Z_]+S [0-9]+$/ && greatest >= 0 { print $2, $3, greatest; greatest = -1 }' >counts
awk '$2 != $3 + 1 { print "WRONG: " $1 " is " $2 ", and the greatest number " $3 }' counts >unequal
sed 's/.*/[^<>-][<>]=? \\(?(\\(?[a-z]+\\) ?)?&\\b|\\(&\\) - 1|& \\+ 1/' enumerators >bounds
grep -rnE -f bounds --include='*.[ch]' "$ROSTER_SRCDIR/src" >compared || :
if [ "$(wc -l <counts)" -lt 11 ] || [ -s unequal ] || [ -s compared ]; then
    echo "WRONG: $(wc -l <counts) counts of enums; unequal, or enumerators that are bounds:"
    cat unequal compared
    wrong=1
fi
exit "$wrong"
