# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# awk -f doc/headers.awk -f forked.awk HEADER...: calls of every public function that takes one of
# Roster's objects, for a forked child to make: see test_forked.c. A type that is not known here is
# an error, so that a new function cannot be forgotten.

BEGIN {
    n = split("roster roster_session roster_pin roster_watchdog roster_activity roster_conn_ids roster_history " \
        "roster_store roster_store_watch roster_syncer roster_safe_point roster_status " \
        "roster_oracle_store roster_oracle_persistent roster_oracle_local", names, " ")
    for (i = 1; i <= n; i++)
        objects[names[i]] = 1
    # What functions return and callers own: plain memory, which a child has a copy of.
    n = split("roster_snapshot roster_history_list roster_identity roster_blocker roster_entry " \
        "roster_deadlock_list roster_deadlock", names, " ")
    for (i = 1; i <= n; i++)
        plain[names[i]] = 1
    # The object behind an argument without a type.
    objects_of["roster_oracle_local_read"] = objects_of["roster_oracle_local_allocate"] = \
        "roster_oracle_local"
    objects_of["roster_oracle_store_read"] = objects_of["roster_oracle_store_allocate"] = \
        "roster_oracle_store"
    objects_of["roster_oracle_persistent_read"] = objects_of["roster_oracle_persistent_allocate"] = \
        "roster_oracle_persistent"
    # Say in their header that they serve a child as well.
    harmless["roster_session_progress"] = harmless["roster_oracle_local_read"] = harmless["roster_oracle_local_allocate"] = 1
}

function on_file(text,    header) {
    header = FILENAME
    sub(/.*\/roster\//, "roster/", header)
    includes = includes "#include <" header ">\n"
}

function on_type(kind, name, code, text) {
    if (kind == "struct" && code ~ /\{[^;]*size_t size;/)
        sized[name] = 1
}

function struct_of(type) {
    sub(/^const /, "", type)
    if (type !~ /^struct [a-z_0-9]+ \*$/)
        return ""
    sub(/^struct /, "", type)
    sub(/ \*$/, "", type)
    return type
}

function argument(function_name, type, name,    of) {
    of = struct_of(type)
    if (of in objects)
        return "it." of
    if (of == "roster_shown")
        return "it.shown"
    if (of != "")
        return (of in sized ? "FORKED_SIZED(" : "FORKED_ZERO(") "struct " of ")"
    if (type ~ /\*\*$/ || type ~ /^(const )?(uint64_t|uint32_t|size_t) \*$/)
        return "(" type ")forked_out()"
    if (type ~ /_fn \*$/)
        return "(" type ")(void (*)(void))forked_visit"
    if (type ~ /^enum /)
        return "(" type ")1"
    if (type ~ /^(uint64_t|uint32_t|int64_t|int32_t|size_t|int)$/)
        return "1"
    if (type == "const char *")
        return "\"x\""
    if (type == "char *")
        return "forked_out()"
    if (type == "void *")
        return "NULL"
    print "forked.awk: " function_name "(): no argument for " type name >"/dev/stderr"
    failed = 1
}

function on_function(result, name, params, text,    list, types, names, n, i, of, call) {
    if (params == "void")
        return
    n = split(params, list, /, */)
    for (i = 1; i <= n; i++) {
        match(list[i], /[a-z_0-9]+$/)
        names[i] = substr(list[i], RSTART)
        types[i] = substr(list[i], 1, RSTART - 1)
        sub(/ $/, "", types[i])
    }
    of = name in objects_of ? objects_of[name] : struct_of(types[1])
    if (!(of in objects))
        return
    call = name in objects_of ? "it." of : argument(name, types[1], names[1])
    for (i = 2; i <= n; i++)
        call = call ", " argument(name, types[i], names[i])
    call = name "(" call ")"
    if (result == "int" && !(name in harmless))
        refused = refused "    forked_refused(\"" name "\", " call ");\n"
    else
        ignored = ignored "    forked_next(\"" name "\");\n    (void)" call ";\n"
}

END {
    if (failed)
        exit 1
    print "/* Made by tests/refusal/forked.awk. */\n#include \"forked.h\"\n" includes
    print "void forked_call_all(void)\n{\n" refused ignored "}"
}
