# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# awk [-v options=1] -f doc/headers.awk -f wrap.awk HEADER...: a function around each public one
# that returns an int, which notes what it returned; with options=1 the linker's options for them.

function on_file(text,    header) {
    header = FILENAME
    sub(/.*\/roster\//, "roster/", header)
    includes = includes "#include <" header ">\n"
}

function on_type(kind, name, code, text) {}

function on_function(result, name, params, text,    list, n, i, given) {
    if (result != "int" || inlined) # the linker sees no call of that
        return
    if (options) {
        print "--wrap=" name
        return
    }
    n = params == "void" ? 0 : split(params, list, /, */)
    for (i = 1; i <= n; i++) {
        match(list[i], /[a-z_0-9]+$/)
        given = given (i > 1 ? ", " : "") substr(list[i], RSTART)
    }
    code = code "int __real_" name "(" params ");\nint __wrap_" name "(" params ");\n" \
        "int __wrap_" name "(" params ")\n{\n    return errnos_note(" (count++) ", __real_" name \
        "(" given "));\n}\n\n"
    names = names "    \"" name "\",\n"
}

END {
    if (options)
        exit
    print "/* Made by tests/errnos/wrap.awk. */\n#include \"errnos.h\"\n" includes
    print "const char *const errnos_functions[] = {\n" names "};\n"
    print "const unsigned errnos_count = " count ";\n"
    printf "%s", code
}
