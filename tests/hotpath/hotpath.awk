# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Reads the list of hot functions, then objdump's listing; see check-hotpath.

# The function that a symbol belongs to: without symbol version, plt and compiler suffixes.
function base_of(symbol) {
    sub(/@.*/, "", symbol)
    while (sub(/\.(part|constprop|isra|cold|lto_priv)(\.[0-9]+)*$/, "", symbol))
        ;
    return symbol
}

function refuse(what) {
    print current ": " what ": " text
    refused++
}

# Distributions build with -fstack-protector-strong: where the canary has been overwritten the process
# ends. The call is behind a branch that is never taken, and does not return.
function is_stack_guard(target) {
    return text ~ /^(bnd )?call/ && (target == "__stack_chk_fail" || target == "__stack_chk_fail_local")
}

function may_call(target) {
    if (target ~ /_slow$/ || is_stack_guard(target))
        return 1
    if (is_cold)
        return 0
    return (target in hot) || ((owner, target) in allowed)
}

function check_branch(target, offset) {
    if (!match(text, /<[^>]+>/)) {
        if (is_cold || !((owner, "*") in allowed))
            refuse("call through a pointer")
        return
    }
    target = substr(text, RSTART + 1, RLENGTH - 2)
    offset = sub(/\+0x[0-9a-f]+$/, "", target)
    target = base_of(target)
    if (target == owner)
        return
    if (offset || !may_call(target))
        refuse("call of a function that is not allowed")
}

FNR == NR {
    if (/^[ \t]*(#|$)/)
        next
    hot[$1] = 1
    if ($2 == "?")
        inlined[$1] = 1
    for (i = 2; i <= NF; i++)
        allowed[$1, $i] = 1
    next
}

# 0000000000001130 <name>:
/^[0-9a-f]+ <.*>:$/ {
    current = $2
    gsub(/^<|>:$/, "", current)
    owner = base_of(current)
    is_cold = current ~ /\.cold/
    checking = owner in hot && current !~ /@plt/
    if (checking && current !~ /\.(part|cold)/)
        found[owner] = 1
    next
}

checking && /^[ \t]*[0-9a-f]+:\t/ {
    text = $0
    sub(/^[ \t]*[0-9a-f]+:\t/, "", text)
    gsub(/[ \t]+/, " ", text)
    instructions++
    if (text ~ /(^| )lock( |$)/)
        refuse("lock prefix")
    else if (text ~ /(^| )xchg/ && text ~ /\(|0x[0-9a-f]+$|[^%]fs:|%fs:/)
        refuse("exchange with memory")
    else if (text ~ /(^| )[mls]fence/)
        refuse("fence")
    else if (text ~ /(^| )(syscall|sysenter|int )/)
        refuse("system call")
    else if (text ~ /(^| )(cpuid|serialize|iret)/)
        refuse("serializing instruction")
    else if (text ~ /(^| )(call|j[a-z]+|loop[a-z]*|xbegin) /)
        check_branch()
}

END {
    for (name in hot) {
        listed++
        if (!(name in found) && !(name in inlined)) {
            print name ": not in the library"
            refused++
        }
    }
    if (listed && !instructions) {
        print "no instruction was read"
        refused++
    }
    if (!refused)
        print listed " functions, " instructions " instructions: nothing to refuse"
    exit refused != 0
}
