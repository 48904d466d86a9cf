# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# awk -v version=... -v date=... -f doc/headers.awk -f doc/man/page.awk HEADER: the manual page of a
# public header, in section 3.

# Text as roff takes it: nothing in it is a request, names and quoted words are bold.
function roff(text) {
    gsub(/\\/, "\\e", text)
    while (match(text, /`[^`]+`/))
        text = substr(text, 1, RSTART - 1) "\\fB" substr(text, RSTART + 1, RLENGTH - 2) "\\fP" \
            substr(text, RSTART + RLENGTH)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/)
        text = "\\&" text
    return text
}

# A comment's paragraphs, and what is laid out by hand.
function write_text(text,    lines, n, i, line, literal) {
    n = split(text, lines, "\n")
    for (i = 1; i <= n; i++) {
        line = lines[i]
        if (literal && line != "" && line !~ /^    |^\|/) {
            body = body ".Ed\n.Pp\n"
            literal = 0
        }
        if (line == "") {
            if (literal)
                body = body "\n"
            else if (i < n && lines[i + 1] !~ /^    |^\|/)
                body = body ".Pp\n"
        } else if (line ~ /^    |^\|/) {
            if (!literal)
                body = body ".Bd -literal -offset indent\n"
            literal = 1
            body = body roff(line) "\n"
        } else {
            sub(/^ +/, "", line)
            body = body roff(line) "\n"
        }
    }
    if (literal)
        body = body ".Ed\n"
}

# What the page is about: the first words of the header.
function on_file(text) {
    subject = text
    gsub(/\n/, " ", subject)
    match(subject, /[.:;]( |$)/)
    subject = substr(subject, 1, RSTART - 1)
    subject = tolower(substr(subject, 1, 1)) substr(subject, 2)
    write_text(text)
    intro = body
    body = ""
}

function on_type(kind, name, code, text) {
    body = body ".Ss " kind " " name "\n"
    write_text(text)
    body = body ".Bd -literal\n"
    n_lines = split(code, code_lines, "\n")
    for (line_at = 1; line_at <= n_lines; line_at++)
        body = body roff(code_lines[line_at]) "\n"
    body = body ".Ed\n"
}

function on_function(result, name, params, text,    list, n, i) {
    names = names (names == "" ? "" : " ,\n") ".Nm " name
    synopsis = synopsis ".Ft \"" result "\"\n.Fo " name "\n"
    n = split(params, list, /, */)
    for (i = 1; i <= n; i++)
        synopsis = synopsis ".Fa \"\\:" list[i] "\"\n" # a long line may break here
    synopsis = synopsis ".Fc\n"
    body = body ".Ss " name "()\n"
    if (text == shared && text != "")
        body = body "See above.\n"
    else
        write_text(text)
    shared = text
}

END {
    header = FILENAME
    sub(/.*\//, "", header)
    page = header
    sub(/\.h$/, "", page)
    library = header ~ /^(barrier|oracle_store|safe_point|store(_lease|_watch)?|syncer)\.h$/ ? "libroster-cluster" : \
        header == "status.h" ? "libroster-status" : "libroster"
    print ".\\\" SPDX-License-Identifier: LGPL-2.1-or-later"
    print ".\\\" SPDX-FileCopyrightText: 2026 The Roster developers"
    print ".\\\" Made from roster/" header "; change that."
    print ".Dd " date "\n.Dt ROSTER_" toupper(page) " 3\n.Os Roster " version
    print ".Sh NAME\n" names "\n.Nd " roff(subject)
    print ".Sh LIBRARY\n" roff(library " (-l" substr(library, 4) ")")
    # Prototypes are not justified, which groff would warn of where one has no room to be.
    print ".Sh SYNOPSIS\n.na\n.In roster/" header "\n" synopsis ".ad\n.Sh DESCRIPTION"
    printf "%s%s", intro, body
    print ".Sh SEE ALSO\n" (page == "error" ? "" : ".Xr roster_error 3 ,\n") ".Xr roster 7"
}
