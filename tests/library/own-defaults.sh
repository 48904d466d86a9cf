#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The defaults that the headers name for the members of options are those of the code. What is no
# number, text or constant there, such as "none", is left to the tests of what it is about. A page that repeats
# one, as `ttl_ms` (90 s) or in a row (`ttl_ms`) | 90 s |, repeats it rightly.

set -eu

cd "$ROSTER_SRCDIR"

# "STRUCT MEMBER DEFAULT" of all structs of options: "default: 10" or "(10)" in a member's comment.
awk '
    function found(member, comment, at, value) {
        gsub(/[ \t\n]+/, " ", comment)
        value = ""
        if (match(comment, /default( and most)?: [^;,*]*/)) {
            value = substr(comment, RSTART, RLENGTH)
            sub(/^[^:]*: /, "", value)
        } else if (match(comment, /\([0-9]+( MiB| s)?\)[^()]*\*\/|\("[^"]*"\)[^()]*\*\//)) {
            value = substr(comment, RSTART + 1)
            sub(/\).*/, "", value)
        }
        sub(/[. ]+$/, "", value)
        if (value ~ /^[1-9][0-9]*( MiB| s| ms)?$|^"[^"]*"$|^ROSTER_[A-Z0-9_]+$/) print struct, member, value
    }
    /^struct roster_[a-z_]*options \{/ { struct = $2; next }
    /^\};/ { struct = "" }
    !struct { next }
    continued {
        comment = comment " " $0
        if (/\*\//) {
            continued = 0
            if (member != "") found(member, comment)
        }
        next
    }
    /^ *\/\*/ { member = ""; comment = $0; continued = !/\*\//; next }
    match($0, /[a-z_0-9]+;/) {
        if (member == "" && comment != "") found(substr($0, RSTART, RLENGTH - 1), comment)
        member = substr($0, RSTART, RLENGTH - 1)
        comment = ""
        if (!index($0, "/*")) next
        comment = substr($0, index($0, "/*"))
        continued = !/\*\//
        if (!continued) found(member, comment)
    }' include/roster/*.h | sort -u >"$TMPDIR/documented"
[ "$(wc -l <"$TMPDIR/documented")" -gt 45 ] ||
    { echo "found too few defaults" && cat "$TMPDIR/documented" && exit 1; }

# Where each struct gets its defaults.
file_of() {
    case $1 in
    roster_options) echo src/core/create.c ;;
    roster_activity_options) echo src/core/operate/activity.c ;;
    roster_conn_ids_options) echo src/core/sql/conn_ids.c ;;
    roster_drain_options) echo src/core/operate/drain.c ;;
    roster_oracle_persistent_options) echo src/cluster/oracle/persistent.c src/cluster/oracle/wall_clock.c ;;
    roster_oracle_store_options) echo src/cluster/oracle/store.c src/cluster/oracle/wall_clock.c ;;
    roster_safe_point_options) echo src/cluster/safe_point/options.c src/cluster/keys/paths.c ;;
    roster_status_options) echo src/status/options.c ;;
    roster_store_options) echo src/store/options.c ;;
    roster_syncer_options) echo src/cluster/syncer/options.c src/cluster/keys/paths.c ;;
    roster_watchdog_options) echo src/core/operate/watchdog.c ;;
    *) echo "WRONG: which file has the defaults of struct $1?" >&2 && exit 1 ;;
    esac
}

# number TEXT: a text of the code or of a header as a number, where it is one.
number() {
    text=$1
    for name in $(printf '%s' "$text" | grep -oE '[A-Z][A-Z0-9_]{2,}' | grep -vE '^U?INT(32|64)_C$'); do
        # shellcheck disable=SC2086 # several files
        value=$(sed -n "s/^#define $name //p" $files "$TMPDIR/constants" | head -n 1 | sed 's,/\*.*,,')
        [ -z "$value" ] || text=$(printf '%s' "$text" | sed "s/$name/($value)/")
    done
    case $text in
    "" | \"* | *[A-Z][A-Z]_*[A-Z]) printf '%s\n' "$text" | sed 's/^(//; s/)$//' && return ;;
    *" MiB") text="${text% MiB} << 20" ;;
    *" ms") text=${text% ms} ;;
    *" h") text="${text% h} * 3600000" ;;
    *" min") text="${text% min} * 60000" ;;
    *" s") text="${text% s} * 1000" ;;
    esac
    text=$(printf '%s' "$text" | sed -E 's/U?INT(32|64)_C//g; s/\((size_t|u?int(32|64)_t)\)//g')
    # shellcheck disable=SC2004 # the text is an expression
    case $text in
    *[!-0-9\ \*\<\(\)]*) printf '%s\n' "$text" ;;
    *) echo $(($text)) ;;
    esac
}

cat src/*/*/*.h src/*/*.h include/roster/*.h | grep '^#define [A-Z]' >"$TMPDIR/constants"
wrong=0
while read -r struct member documented; do
    files=$(file_of "$struct")
    # shellcheck disable=SC2086 # several files
    code=$(cat $files | tr '\n' ' ' | sed -E 's/= known\.[a-z_]* == 0 \? ([^:]*) : [^;]*;/= \1;/g' | grep -oE \
        "(NUMBER\\($member,|(fill_in|set_default)\\(&known->$member,|\\W$member == 0 \\?|\\.$member \\? known\\.$member :|\\W$member =|or_empty\\(options->$member\\)) *[^;,:]*(;|,|:[^;,:]*)" |
        grep -vE "$member = (options|known|from|0|roster_store_text)\\W" | head -n 1 |
        sed -E 's/^or_empty.*/""/; s/^(NUMBER|fill_in|set_default)\([^,]*, *//
            s/^\W[a-z_]* == 0 \? *([^:]*) :.*/\1/; s/^.* (:|=) *//; s/[;,]$//')
    case $code in
    *\() ;;
    *\)) [ "${code#*\(}" != "$code" ] || code=${code%)} ;;
    esac
    if [ "$(number "$documented")" != "$(number "$code")" ]; then
        echo "WRONG: $struct.$member: the header says $documented, $files: ${code:-nothing}"
        wrong=1
    fi
done <"$TMPDIR/documented"

# shellcheck disable=SC2016 # backquotes of pages
# repeated PAGE...: "PAGE MEMBER DEFAULT" of each that pages repeat.
repeated() {
    grep -oE '`[a-z_]+`\)? ?[|(] ?[0-9]+ (ms|s|min|h|MiB)\>' "$@" | sed -E 's/:`([a-z_]+)`[^0-9]*/ \1 /'
}
# differing: of these, read from the input, those that are the default of no member of that name.
differing() {
    files=/dev/null
    while read -r page member value; do
        same=
        while read -r _ name documented; do
            [ "$name" != "$member" ] || [ "$(number "$documented")" != "$(number "$value")" ] || same=yes
        done <"$TMPDIR/documented"
        [ -n "$same" ] || echo "$page: $member is not $value"
    done
}
repeated doc/*.md doc/manual/*.md >"$TMPDIR/repeated"
differing <"$TMPDIR/repeated" >"$TMPDIR/differing"
# shellcheck disable=SC2016 # a row of a page
printf '%s\n' '| time to live (`ttl_ms`) | 91 s |' 'and `old_ms` (10 min)' >"$TMPDIR/planted.md"
if [ -s "$TMPDIR/differing" ] || [ "$(wc -l <"$TMPDIR/repeated")" -lt 12 ] ||
    [ "$(repeated "$TMPDIR/planted.md" /dev/null | differing)" != "$TMPDIR/planted.md: ttl_ms is not 91 s" ]; then
    wrong=1
    echo "WRONG: pages repeat other defaults than the headers', or too few, or what is planted is not noticed:"
    cat "$TMPDIR/differing"
fi
exit $wrong
