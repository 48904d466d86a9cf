/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The digests of a transaction (G1): a sequence lock whose owner never waits, where loads and
 * stores are reordered.
 *
 *     owner, adds or clears                       reader
 *     1 version += 1, odd                         a v := version                    (acquire)
 *     2 the digest, the number of digests         b the number, and the digests     (acquire)
 *                            (each by release)    c v is even, and version is v still
 *     3 version += 1, even       (release)
 *
 * The owner adds a digest, clears them, and adds another one in the same place, for the next
 * transaction.
 *
 * @variant window
 * @reach 1 window a copy is of the first transaction
 * @reach 2 window a copy is of the second
 * @reach 3 window a copy is empty, after the first
 * @reach 4 window a copy is refused although the version that it began with was even
 * @mutant WRITTEN_RELAXED window whole
 * @mutant END_RELAXED     window whole
 * @mutant NO_ODD          window whole
 * @mutant READ_RELAXED    window whole
 * @mutant VERSION_RELAXED window whole
 * @mutant NO_SECOND_LOOK  window whole
 * @mutant ODD_BELIEVED    window whole
 */

#define NTHREADS 2
#define OWNER 0
#define READER 1
#define VERSION 0
#define TOTAL 1
#define LENGTH 2
#define TEXT 3
#define NLOC 4
#define NREG 5
#define WINDOW 6
#define LOADED(t, l, v) skip

#include "claims.pmh"
#include "window.pmh"

hidden byte whole;

#define room() (win[OWNER].used < WINDOW)
#define store_relaxed(t, l, v) issue(t, STORE, l, v)

#ifdef MUTANT_WRITTEN_RELAXED
#define write(l, v)                                                                                \
    room();                                                                                        \
    store_relaxed(OWNER, l, v)
#else
#define write(l, v)                                                                                \
    room();                                                                                        \
    store_value(OWNER, l, v)
#endif

inline write_begin()
{
    version++;
#ifndef MUTANT_NO_ODD
    room();
    store_relaxed(OWNER, VERSION, version);
#endif
}

inline write_end()
{
    version++;
    room();
#ifdef MUTANT_END_RELAXED
    store_relaxed(OWNER, VERSION, version)
#else
    store_value(OWNER, VERSION, version)
#endif
}

inline add(digest)
{
    write_begin();
    write(LENGTH, digest);
    write(TEXT, digest);
    write(TOTAL, 1);
    write_end()
}

proctype Owner()
{
    byte version;

    add(1);
    write_begin(); /* clear */
    write(TOTAL, 0);
    write_end();
    add(2)
}

#ifdef MUTANT_READ_RELAXED
#define read(l, r) load_relaxed(READER, l, r)
#else
#define read(l, r) load_acquire(READER, l, r)
#endif

#define V REG(READER, 0)

proctype Reader()
{
    byte n;

    do
    :: n < 2 ->
        n++;
#ifdef MUTANT_VERSION_RELAXED
        load_relaxed(READER, VERSION, 0);
#else
        load_acquire(READER, VERSION, 0);
#endif
        read(TOTAL, 1);
        read(LENGTH, 2);
        read(TEXT, 3);
        load_relaxed(READER, VERSION, 4);
        fence(READER); /* the registers are known */
        d_step {
            if
#ifndef MUTANT_ODD_BELIEVED
            :: V & 1
#endif
#ifndef MUTANT_NO_SECOND_LOOK
            :: REG(READER, 4) != V && !(V & 1) -> reach(4)
#endif
            :: else ->
                claim(whole, REG(READER, 1) == (V == 2 || V == 6));
                claim(whole, REG(READER, 1) == 0 ||
                                 (REG(READER, 2) == V / 4 + 1 && REG(READER, 3) == V / 4 + 1));
                if
                :: V == 2 -> reach(1)
                :: V == 6 -> reach(2)
                :: V == 4 -> reach(3)
                :: else
                fi
            fi;
            REG(READER, 0) = 0;
            REG(READER, 1) = 0;
            REG(READER, 2) = 0;
            REG(READER, 3) = 0;
            REG(READER, 4) = 0
        }
    :: else -> break
    od
}

init
{
    atomic {
        run Owner();
        run Reader()
    }
}
