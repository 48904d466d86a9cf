# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# awk -f doc/headers.awk -f documented.awk HEADER...: for each public function "NAME ERRNO" for what
# its header says that it returns, and "NAME *" when it also hands on what a store, an oracle or
# a callback returned. A header may say "as roster_x()", and those of the store "the table of
# roster/store.h", which that calls "the table above".

function on_file(text,    rest, found) {
    rest = text
    while (match(rest, /\n\| -E[A-Z0-9]+/)) {
        found = found " " substr(rest, RSTART + 4, RLENGTH - 4)
        rest = substr(rest, RSTART + RLENGTH)
    }
    if (found != "")
        table = found
}

function on_type(kind, name, code, text) {}

# The names in a text: "EINVAL EBUSY ...".
function errnos_in(text,    found) {
    while (match(text, /-E[A-Z0-9]+/)) {
        found = found " " substr(text, RSTART + 1, RLENGTH - 1)
        text = substr(text, RSTART + RLENGTH)
    }
    return found
}

function add(name, list,    parts, n, i) {
    n = split(list, parts, " ")
    for (i = 1; i <= n; i++)
        says[name, parts[i]] = 1
}

# What is told of the result: from "Returns" on.
function result_part(text,    at) {
    if (match(text, /(^|[.] |\n)Returns[ \n]/))
        return substr(text, RSTART)
    return text ~ /^As roster_/ ? text : ""
}

# The functions whose results are this one's, too, but for those that are excepted.
function take_references(name, text,    rest, other, excepted, parts, n, i) {
    rest = text
    while (match(rest, /(Returns|otherwise|^As|^\n?As) (as )?roster_[a-z_0-9]+\(\)|what roster_[a-z_0-9]+\(\) returns([.;,]|$)|(SQLite:|\.\.\.|;) as roster_[a-z_0-9]+\(\)/)) {
        other = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        match(other, /roster_[a-z_0-9]+/)
        other = substr(other, RSTART, RLENGTH)
        refers[name] = refers[name] " " other
        if (match(rest, /^,[^.;]* excepted/)) {
            n = split(errnos_in(substr(rest, RSTART, RLENGTH)), parts, " ")
            for (i = 1; i <= n; i++)
                excepts[name, other, parts[i]] = 1
        }
    }
    if (text ~ /(^| )Returns also /)
        refers[name] = refers[name] " " previous
}

function on_function(result, name, params, text,    part, flat, excepted) {
    if (result != "int")
        return
    order[++count] = name
    part = result_part(text)
    flat = part
    gsub(/\n/, " ", flat)
    gsub(/  +/, " ", flat)
    gsub(/table of roster\/store\.h/, "table above", flat)
    if (match(flat, /table above,[^.;]* excepted/)) {
        excepted = substr(flat, RSTART, RLENGTH)
        flat = substr(flat, 1, RSTART + 10) substr(flat, RSTART + RLENGTH)
        add(name, without(table, errnos_in(excepted)))
    } else if (flat ~ /the table above/)
        add(name, table)
    take_references(name, flat)
    gsub(/,[^.;]* excepted/, "", flat)
    gsub(/-E[A-Z0-9]+ excepted/, "", flat)
    if (flat ~ /[Ee]rrors of the (store|oracle)|(store|oracle)'s error|, ?\.\.\.|what `fn` returned/)
        says[name, "*"] = 1
    add(name, errnos_in(flat))
    previous = name
}

function without(list, excepted,    parts, n, i, left) {
    n = split(list, parts, " ")
    for (i = 1; i <= n; i++)
        if (index(excepted " ", " " parts[i] " ") == 0)
            left = left " " parts[i]
    return left
}

# One pass for each step of "as": chains are short.
function follow(    i, n, parts, j, key, pair) {
    for (i = 1; i <= count; i++) {
        n = split(refers[order[i]], parts, " ")
        for (j = 1; j <= n; j++)
            for (key in says) {
                split(key, pair, SUBSEP)
                if (pair[1] == parts[j] && !((order[i], parts[j], pair[2]) in excepts))
                    found[order[i], pair[2]] = 1
            }
    }
    for (key in found)
        says[key] = 1
}

END {
    for (pass = 1; pass <= 4; pass++)
        follow()
    for (key in says) {
        split(key, pair, SUBSEP)
        print pair[1], pair[2]
    }
}
