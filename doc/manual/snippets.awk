# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# awk -v root=TOP -f doc/manual/snippets.awk PAGE: the page with its code taken from the examples.
# A block of code that follows the line <!-- FILE [MARK] --> is what FILE has between two lines
# /* [MARK] */; with one indentation less when all of it is indented.

function stop(why) {
    print FILENAME ":" FNR ": " why > "/dev/stderr"
    failed = 1
    exit 1
}

function print_snippet(path, mark,    line, inside, count, text, n, i, indented, lines) {
    while ((got = (getline line < path)) > 0) {
        if (line ~ "^ */\\* \\[" mark "\\] \\*/$") {
            inside = !inside
            count++
        } else if (inside)
            text = text line "\n"
    }
    close(path)
    if (got < 0 || count != 2)
        stop(path " has not two marks [" mark "]")
    sub(/\n+$/, "", text)
    n = split(text, lines, "\n")
    indented = 1
    for (i = 1; i <= n; i++)
        if (lines[i] != "" && lines[i] !~ /^    /)
            indented = 0
    for (i = 1; i <= n; i++)
        print indented ? substr(lines[i], 5) : lines[i]
}

skipping && /^```$/ { skipping = 0 }
skipping { next }
{ print }
/^<!-- .* \[[a-z]+\] -->$/ {
    path = root "/" $2
    mark = $3
    gsub(/[^a-z]/, "", mark)
    next
}
path != "" && /^```c/ {
    print_snippet(path, mark)
    path = ""
    skipping = 1
    next
}
path != "" { stop("no code follows") }
END { if (!failed && (path != "" || skipping)) stop("the page ends too early") }
