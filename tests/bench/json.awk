# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Reads one JSON object (RFC 8259) by recursive descent; exit 1 where it is none.

function fail(what) {
    if (!failed)
        print FILENAME ": " what " at: " substr(rest, 1, 40)
    failed = 1
    rest = ""
}

# Takes what `pattern` matches at the beginning, after white space.
function take(pattern) {
    sub(/^[ \t\r\n]+/, "", rest)
    if (!match(rest, "^" pattern))
        return 0
    rest = substr(rest, RLENGTH + 1)
    return 1
}

function string() {
    return take("\"([^\"\\\\]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F][0-9a-fA-F][0-9a-fA-F][0-9a-fA-F])*\"")
}

function members() {
    if (take("}"))
        return
    do {
        if (!string())
            fail("no name")
        if (!take(":"))
            fail("no colon")
        value()
    } while (!failed && take(","))
    if (!take("}"))
        fail("no closing brace")
}

function elements() {
    if (take("[]]"))
        return
    do
        value()
    while (!failed && take(","))
    if (!take("[]]"))
        fail("no closing bracket")
}

function value() {
    if (take("[{]"))
        members()
    else if (take("[[]"))
        elements()
    else if (!string() && !take("(true|false|null)") &&
             !take("-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][-+]?[0-9]+)?"))
        fail("no value")
}

{ rest = rest $0 "\n" }

END {
    if (!take("[{]"))
        fail("no object")
    members()
    if (!failed && take("[^ ]"))
        fail("something after the object")
    exit failed + 0
}
