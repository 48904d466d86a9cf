# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Takes public headers apart, for what is made from them. Used as "awk -f doc/headers.awk -f USER";
# the user defines
#
#     on_file(text)                         the comment at the top, without the licence
#     on_type(kind, name, code, text)       a struct, enum or callback with its comment
#     on_function(result, name, params, text)
#
# where text is the comment before it, its lines separated by newlines. A declaration without one
# shares that of the declaration right before it.

# A comment begins or goes on in this line: its text is gathered in `comment`.
function take_comment(line) {
    in_comment = line !~ /\*\//
    sub(/^[ \t]*\*+\/[ \t]*$/, "", line)
    sub(/^[ \t]*\/?\*+[ ]?/, "", line)
    sub(/[ ]*\*+\/[ \t]*$/, "", line)
    if (line !~ /^SPDX-|^---/)
        comment = comment line "\n"
    if (!in_comment)
        end_comment()
}

function end_comment() {
    sub(/^\n+/, "", comment)
    sub(/\n+$/, "", comment)
    if (!seen_file && comment != "") {
        seen_file = 1
        on_file(comment)
        comment = ""
    }
}

# The whole declaration in one line, without what only compilers read.
function declared(code) {
    gsub(/[ \t\n]+/, " ", code)
    gsub(/ROSTER_(API|MUST_CHECK) ?|static inline /, "", code)
    sub(/ ?[;{].*$/, "", code)
    sub(/^ /, "", code)
    sub(/ $/, "", code)
    return code
}

function end_function(    code, name, params, open) {
    code = declared(declaration)
    open = index(code, "(")
    params = substr(code, open + 1)
    sub(/\)$/, "", params)
    code = substr(code, 1, open - 1)
    match(code, /[a-z_0-9]+$/)
    name = substr(code, RSTART)
    code = substr(code, 1, RSTART - 1)
    sub(/ $/, "", code)
    on_function(code, name, params, comment)
}

function end_type(    kind, name) {
    kind = declaration ~ /^typedef/ ? "callback" : declaration ~ /^enum/ ? "enum" : "struct"
    name = declaration
    if (kind == "callback") {
        sub(/\(.*/, "", name)
        gsub(/\n/, " ", name)
    } else
        sub(/ \{.*/, "", name)
    match(name, /[a-z_0-9]+$/)
    on_type(kind, substr(name, RSTART), declaration, comment)
}

function begin_declaration(what) {
    declaring = what
    declaration = ""
}

FNR == 1 { comment = ""; seen_file = in_comment = declaring = in_body = 0 }
in_comment && !declaring { take_comment($0); next }
in_body { in_body = !/^}/; next }
!declaring && /^\/\*/ { comment = ""; take_comment($0); next }
!declaring && /^$/ { comment = ""; next }
!declaring && /^#/ { comment = ""; next }
!declaring && (/^ROSTER_API/ || /^static inline/) {
    inlined = /^static inline/ # for on_function()
    begin_declaration("function")
}
!declaring && (/^(struct|enum) [a-z_0-9]+ \{/ || /^typedef/) { begin_declaration("type") }
!declaring { next }
{ declaration = declaration (declaration == "" ? "" : "\n") $0 }
declaring == "function" && /[;{]$/ { in_body = /\{$/; declaring = 0; end_function(); next }
declaring == "function" && /^\{$/ { in_body = 1; declaring = 0; end_function(); next }
declaring == "type" && (/^};$/ || /\);$/ || /^enum .*};$/) { declaring = 0; end_type(); comment = "" }
