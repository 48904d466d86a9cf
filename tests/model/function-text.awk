# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Prints the text of one C function or macro, without comments and with white space made even:
#
#   awk -v name=FUNCTION -f function-text.awk FILE.c
#
# All definitions of that name are printed, in case there are several under #if. Prints nothing
# when there is none.

{ text = text $0 "\n" }

END {
    length_of_text = length(text)
    at = 1
    while (at <= length_of_text)
        step()
}

# Takes the next character, comment, string or preprocessor line.
function step(  c, two) {
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
function directive(  line, end) {
    line = ""
    do {
        end = index(substr(text, at), "\n")
        line = line substr(text, at, end)
        at += end
    } while (line ~ /\\\n$/ && at <= length_of_text)
    if (depth > 0)
        add(line)
    else if (line ~ "^#[ \t]*define[ \t]+" name "([^A-Za-z0-9_]|$)")
        emit(line)
}

function add(more) {
    pending = pending more
}

# A braced piece at the outermost level has ended: is it the function?
function offer(  head) {
    head = substr(pending, 1, index(pending, "{") - 1)
    if (head ~ "(^|[^A-Za-z0-9_])" name "[ \t\n]*\\(" && head ~ /\)[ \t\n]*$/ && head !~ /=/)
        emit(pending)
    pending = ""
}

function emit(what) {
    gsub(/\\\n/, " ", what)
    gsub(/\/\*([^*]|\*[^\/])*\*\//, " ", what)
    gsub(/[ \t\n]+/, " ", what)
    sub(/^ /, "", what)
    sub(/ $/, "", what)
    print what
}
