#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# No text that programs read depends on the locale. The libraries, the extension of SQLite and the plugin of
# MariaDB run in a process whose locale the host has set, so they call nothing that looks at it. The programs set
# LC_CTYPE at most, so that numbers have a point in them. Planted violations show that each of this is noticed.

set -euo pipefail

calls='strto[df]|strtold|atof|strn?casecmp|strcasestr|strcoll|strxfrm|to(lower|upper)|is(alpha|alnum|upper|lower|print|punct|graph|cntrl|space|digit|xdigit|blank)|isw[a-z]+|strftime|strptime|setlocale|localeconv|nl_langinfo|mbs?r?towcs?|wcwidth'
formats='"[^"]*%[-0-9.*+ #'\'']*[l]?[aAeEfFgG][^"]*"|"[^"]*%[-0-9.*+ #]*'\''[^"]*"|scanf\([^;]*%l?[aefg]'

# check TOP: prints what is wrong there.
check() {
    (
        cd "$1"
        # In the C library of a host, and in strings of ours that are no formats, %% is one character.
        grep -rnE "\\b($calls)\\(|$formats" --include='*.[ch]' src/{core,store,cluster,status,sqlite,mariadb} |
            grep -vE '^[^:]*:[0-9]+: *(/\*|\*|//)' || true
        grep -rnE '\bsetlocale\(' --include='*.[ch]' src bench examples | grep -v 'setlocale(LC_CTYPE, ' || true
    )
}

wrong=0
found=$(check "$ROSTER_SRCDIR")
if [ -n "$found" ]; then
    echo "WRONG: this depends on the locale of the host; see src/core/base/ascii.h and text_seconds():"
    echo "$found"
    wrong=1
fi

planted=$(mktemp -d "${TMPDIR:-/tmp}/roster-locale.XXXXXX")
trap 'rm -rf "$planted"' EXIT
mkdir -p "$planted"/src/{core,store,cluster,status,sqlite,mariadb,rosterctl} "$planted"/{bench,examples}
number=0
while read -r folder line; do
    number=$((number + 1))
    rm -f "$planted"/src/*/*.c "$planted"/bench/*.c
    printf '%s\n' "$line" >"$planted/$folder/planted.c"
    if [ -z "$(check "$planted")" ]; then
        echo "WRONG: this is not noticed in $folder: $line"
        wrong=1
    fi
done <<'END'
src/status text_printf(text, "%s %.9g\n", name, seconds);
src/core snprintf(to, size, "%5.1f s", seconds);
src/store x = strtod(text, &end);
src/cluster if (!strcasecmp(a, b))
src/status return !strncasecmp(given, "Bearer ", 7);
src/core printf("%'d", n);
src/store sscanf(text, "%lf", &number);
src/core c = tolower(c);
src/mariadb if (strncasecmp(text, word, length) == 0)
src/sqlite length = strftime(text, sizeof(text), "%A", &parts);
src/rosterctl setlocale(LC_ALL, "");
bench setlocale(LC_NUMERIC, "");
END
[ "$number" -eq 12 ]
rm -f "$planted"/src/*/*.c "$planted"/bench/*.c
# shellcheck disable=SC2016 # C, not shell
printf '%s\n' 'printf("%s %d%%, %lu %c", a, b, c, d); setlocale(LC_CTYPE, "");' >"$planted/src/rosterctl/fine.c"
printf '%s\n' 'printf("%s %d%% of %lu", a, b, c);' >"$planted/src/core/fine.c"
if [ -n "$(check "$planted")" ]; then
    echo "WRONG: what is fine is found: $(check "$planted")"
    wrong=1
fi
exit "$wrong"
