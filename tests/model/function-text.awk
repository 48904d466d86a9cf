# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Writes the text of C functions and macros, each into the file DIR/FUNCTION, without comments and with
# white space made even:
#
#   awk -v names="FUNCTION..." -v into=DIR -f function-text.awk FILE.c
#
# All definitions of a name are written, in case there are several under #if. No file is made where
# there is none.

BEGIN { count = split(names, name, " ") }

{ text = text $0 "\n" }

END {
    length_of_text = length(text)
    at = 1
    while (at <= length_of_text)
        step()
}

# Takes the next comment, string, preprocessor line or character; a run of those that mean nothing at once.
function step(  c, two) {
    if (match(substr(text, at, 100), /^[^\/"'#{};]+/)) {
        add(substr(text, at, RLENGTH))
        at += RLENGTH
        return
    }
    c = substr(text, at, 1)
    two = substr(text, at, 2)
    if (two == "/*") {
        skip_comment()
        add(" ")
    } else if (two == "//") {
        at += index(substr(text, at), "\n") - 1
    } else if (c == "\"" || c == "'") {
        add(quoted(c))
    } else if (c == "#" && pending ~ /(^|\n)[ \t]*$/) {
        directive()
    } else {
        at++
        add(c)
        if (c == "{")
            depth++
        else if (c == "}" && --depth == 0)
            offer()
        else if (c == ";" && depth == 0)
            pending = ""
    }
}

function skip_comment(  end) {
    end = index(substr(text, at + 2), "*/")
    at = end ? at + 2 + end + 1 : length_of_text + 1
}

# The string or character constant that starts here.
function quoted(quote,  start, c) {
    start = at++
    while (at <= length_of_text) {
        c = substr(text, at++, 1)
        if (c == "\\")
            at++
        else if (c == quote)
            break
    }
    return substr(text, start, at - start)
}

# A preprocessor line with its continuations: part of a function it stands in, else of nothing,
# unless it defines the macro that is looked for.
function directive(  line, end, i) {
    line = ""
    do {
        end = index(substr(text, at), "\n")
        line = line substr(text, at, end)
        at += end
    } while (line ~ /\\\n$/ && at <= length_of_text)
    if (depth > 0) {
        add(line)
        return
    }
    for (i = 1; i <= count; i++)
        if (line ~ "^#[ \t]*define[ \t]+" name[i] "([^A-Za-z0-9_]|$)")
            emit(line, name[i])
}

function add(more) {
    pending = pending more
}

# A braced piece at the outermost level has ended: is it one of the functions?
function offer(  head, i) {
    head = substr(pending, 1, index(pending, "{") - 1)
    if (head ~ /\)[ \t\n]*$/ && head !~ /=/)
        for (i = 1; i <= count; i++)
            if (head ~ "(^|[^A-Za-z0-9_])" name[i] "[ \t\n]*\\(")
                emit(pending, name[i])
    pending = ""
}

function emit(what, of) {
    gsub(/\\\n/, " ", what)
    gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", what)
    gsub(/[ \t\n]+/, " ", what)
    sub(/^ /, "", what)
    sub(/ $/, "", what)
    print what >(into "/" of)
}
