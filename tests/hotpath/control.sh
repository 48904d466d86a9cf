#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# check-hotpath refuses each kind of code it looks for, in turn, and passes what is allowed.

set -eu

check=$ROSTER_SRCDIR/tests/hotpath/check-hotpath
cd "$TMPDIR"
wrong=0

if [ "$(uname -m)" != x86_64 ]; then
    echo "only x86-64 code can be checked"
    exit 77
fi

# run CODE LIST: make a library of CODE, the body of hot(), and check it.
run() {
    cat >code.c <<END
void allowed(void), other(void), helper_slow(void), (*pointer)(void);
long word;
__attribute__((noinline)) void listed(void) { word++; }
void hot(void) { $1 }
END
    printf '%s\n' "$2" >list
    # shellcheck disable=SC2086 # ROSTER_CC may hold options
    $ROSTER_CC -O1 -fPIC -shared -fno-builtin ${guard-} -o code.so code.c
    OBJDUMP=$ROSTER_OBJDUMP "$check" code.so list >out 2>&1
}

# refuses REASON CODE [LIST]
refuses() {
    if run "$2" "${3:-hot allowed}"; then
        status=0
    else
        status=$?
    fi
    if [ "$status" -ne 1 ] || ! grep -q ": $1" out; then
        echo "WRONG: status $status, should have refused ($1): $2"
        cat out
        wrong=1
    fi
}

# passes CODE [LIST]
passes() {
    if ! run "$1" "${2:-hot allowed}"; then
        echo "WRONG: should have passed: $1"
        cat out
        wrong=1
    fi
}

passes 'word++;'
passes '__atomic_store_n(&word, 1, __ATOMIC_RELEASE); allowed(); word++;'
passes '__asm__ volatile("" ::: "memory");'
passes '__asm__ volatile("xchg %%ax, %%ax" ::: "memory");'
passes 'helper_slow(); word++;'
passes 'helper_slow();'
passes 'listed(); word++;' 'hot
listed'
passes 'word++;' 'hot
missing ?'
passes 'pointer(); word++;' 'hot *'
passes 'while (__atomic_load_n(&word, __ATOMIC_ACQUIRE)) ;'

# What distributions add is allowed; what it guards is not.
for guard in "" -fstack-protector-all; do
    passes 'volatile char room[64]; room[word & 63] = 1;'
    refuses 'call of a function' 'volatile char room[64]; room[word & 63] = 1; other(); word++;'
    refuses 'lock prefix' 'volatile char room[64]; room[0] = 1; __sync_fetch_and_add(&word, room[0]);'
done
"$ROSTER_OBJDUMP" -d code.so | grep -q 'call.*__stack_chk_fail' || { echo "WRONG: no guard was compiled" && wrong=1; }
guard=
refuses 'call of a function' 'void other_chk_fail(void); other_chk_fail();'

refuses 'lock prefix' '__atomic_fetch_add(&word, 1, __ATOMIC_RELAXED);'
refuses 'lock prefix' '__sync_bool_compare_and_swap(&word, 1, 2);'
refuses 'exchange with memory' 'word = __atomic_exchange_n(&word, 1, __ATOMIC_RELAXED);'
refuses 'exchange with memory' '__asm__ volatile("xchg %%rax, (%%rdi)" ::: "memory", "rax");'
refuses 'exchange with memory' '__asm__ volatile("xchg %%rax, %%fs:0" ::: "memory", "rax");'
refuses 'exchange with memory' '__asm__ volatile("xchgl %%eax, 8(%%rsp)" ::: "memory", "rax");'
refuses 'fence' '__asm__ volatile("mfence");'
refuses 'fence' '__asm__ volatile("sfence");'
refuses 'fence' '__asm__ volatile("lfence");'
refuses 'system call' '__asm__ volatile("syscall");'
# shellcheck disable=SC2016 # an assembler's dollar
refuses 'system call' '__asm__ volatile("int $0x80");'
refuses 'call of a function' 'other(); word++;'
refuses 'call of a function' 'other();'
refuses 'call of a function' 'if (word) other();'
refuses 'call of a function' 'listed(); word++;'
refuses 'call through a pointer' 'pointer(); word++;'
refuses 'call through a pointer' 'pointer();'
refuses 'not in the library' 'word++;' 'hot
missing'
refuses 'call of a function' 'listed(); word++;' 'hot ?'

# Parts that the compiler splits off, made by hand so that no compiler's habits matter.
split_case() { # VERDICT REASON INSTRUCTION OF hot.cold
    cat >code.s <<END
        .text
        .globl hot
        .type hot, @function
hot:    test %edi, %edi
        jne hot.cold
.Lback: ret
        .size hot, .-hot
        .type hot.cold, @function
hot.cold:
        $3
        jmp .Lback
        .size hot.cold, .-hot.cold
        .section .note.GNU-stack, "", @progbits
END
    echo 'hot allowed *' >list
    # shellcheck disable=SC2086 # ROSTER_CC may hold options
    $ROSTER_CC -shared -o code.so code.s
    verdict=refuses
    if OBJDUMP=$ROSTER_OBJDUMP "$check" code.so list >out 2>&1; then
        verdict=passes
    fi
    if [ "$verdict" != "$1" ] || ! grep -q "$2" out; then
        echo "WRONG: $verdict, should be $1 ($2): $3"
        cat out
        wrong=1
    fi
}
split_case passes 'nothing to refuse' 'call helper_slow@plt'
split_case passes 'nothing to refuse' 'call __stack_chk_fail@plt'
split_case refuses 'hot.cold: call of a function' 'call __stack_chk_fail_other@plt'
split_case refuses 'hot.cold: call of a function' 'call allowed@plt'
split_case refuses 'hot.cold: call through a pointer' 'call *%rax'
split_case refuses 'hot.cold: lock prefix' 'lock incl (%rdi)'

echo '# nothing' >list
if OBJDUMP=$ROSTER_OBJDUMP "$check" code.so list >out 2>&1; then
    echo "WRONG: passed with nothing to check"
    wrong=1
fi

exit "$wrong"
