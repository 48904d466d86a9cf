/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Store buffers for Promela models.
 *
 * A model defines NTHREADS (1..5), NLOC (shared words) and DEPTH (buffered stores a thread) and
 * includes this file. Each thread's stores wait in its own buffer; the process Flusher moves them
 * to memory whenever it likes. A thread's load returns its own newest buffered store to that word,
 * else memory. Loads take effect in program order.
 *
 *   default   x86-TSO: a buffer empties first in, first out.
 *   -DPSO     per location: a buffered store may overtake older ones to other words, unless it is
 *             a release store, which overtakes nothing. Later stores may still overtake it.
 *
 * An atomic read-modify-write acts on memory at once, after its thread's buffer is empty. So does
 * a fence. Membarrier empties the buffer of every other thread, each at a moment of its own: the
 * system call interrupts the other processors one after the other, in no stated order.
 *
 * What this does not show: loads that overtake loads, stores that overtake earlier loads, and
 * stores that reach two readers at different times. The programs in relacy/ cover the first two by
 * the rules of C11.
 *
 * The bound DEPTH is not a restriction: a store into a full buffer is an error of the model.
 */

#ifdef PSO
#define REL 128
#else
#define REL 0
#endif

#define WORD(l) ((l) & 127)

typedef Buffer {
    byte sb_used;
    byte sb_word[DEPTH];
    byte sb_value[DEPTH]
};

byte mem[NLOC];
Buffer buf[NTHREADS];

hidden byte sb_i;
hidden byte sb_ok;

/*
 * An assertion carries its name into the verifier's message: claim(name, e) needs a line
 * "hidden byte name;" and a mutant is refuted only by the assertion it is aimed at.
 */
#define claim(name, e) assert((e) || name)

/* A control: -DREACH=n turns point n of a model into a violation, which must then be found. */
#ifndef REACH
#define REACH 0
#endif
hidden byte point_reached;
hidden byte buffer_deep_enough;
#define reach(n) assert(REACH != n || point_reached)

inline store_to(sb_t, sb_l, sb_v)
{
    d_step {
        claim(buffer_deep_enough, buf[sb_t].sb_used < DEPTH);
        buf[sb_t].sb_word[buf[sb_t].sb_used] = sb_l;
        buf[sb_t].sb_value[buf[sb_t].sb_used] = sb_v;
        buf[sb_t].sb_used++
    }
}

#define store_release(t, l, v) store_to(t, ((l) | REL), v)
#define store_relaxed(t, l, v) store_to(t, (l), v)

inline load(sb_t, sb_l, sb_dst)
{
    d_step {
        sb_dst = mem[sb_l];
        sb_i = 0;
        do
        :: sb_i < buf[sb_t].sb_used ->
            if
            :: WORD(buf[sb_t].sb_word[sb_i]) == (sb_l) -> sb_dst = buf[sb_t].sb_value[sb_i]
            :: else
            fi;
            sb_i++
        :: else -> break
        od;
        sb_i = 0
    }
}

/* A fence, and the condition under which a read-modify-write of thread t may act on memory. */
#define drained(t) (buf[t].sb_used == 0)
#define fence(t) drained(t)

/* Membarrier by thread t when the others are a and b. */
inline membarrier(sb_t, sb_a, sb_b)
{
    fence(sb_t);
    if
    :: drained(sb_a) -> drained(sb_b)
    :: drained(sb_b) -> drained(sb_a)
    fi;
}

inline flush_at(t, k)
{
    mem[WORD(buf[t].sb_word[k])] = buf[t].sb_value[k];
    sb_i = k;
    do
    :: sb_i + 1 < buf[t].sb_used ->
        buf[t].sb_word[sb_i] = buf[t].sb_word[sb_i + 1];
        buf[t].sb_value[sb_i] = buf[t].sb_value[sb_i + 1];
        sb_i++
    :: else -> break
    od;
    buf[t].sb_used--;
    buf[t].sb_word[buf[t].sb_used] = 0;
    buf[t].sb_value[buf[t].sb_used] = 0
}

#ifdef PSO
/* May entry k of thread t go now? Not past its own word, and a release past nothing. */
inline may_flush(t, k)
{
    sb_ok = (buf[t].sb_word[k] < REL || k == 0);
    sb_i = 0;
    do
    :: sb_i < k ->
        sb_ok = sb_ok && WORD(buf[t].sb_word[sb_i]) != WORD(buf[t].sb_word[k]);
        sb_i++
    :: else -> break
    od
}

#define FLUSH(t)                                                                                   \
    atomic {                                                                                       \
        buf[t].sb_used > 0 -> k = 0;                                                                     \
        do                                                                                         \
        :: k + 1 < buf[t].sb_used -> k++                                                                 \
        :: break                                                                                   \
        od;                                                                                        \
        d_step {                                                                                   \
            may_flush(t, k);                                                                       \
            if                                                                                     \
            :: sb_ok -> flush_at(t, k)                                                             \
            :: else                                                                                \
            fi;                                                                                    \
            sb_i = 0;                                                                              \
            sb_ok = 0;                                                                             \
            k = 0                                                                                  \
        }                                                                                          \
    }
#else
#define FLUSH(t)                                                                                   \
    d_step {                                                                                       \
        buf[t].sb_used > 0;                                                                              \
        flush_at(t, 0);                                                                            \
        sb_i = 0                                                                                   \
    }
#endif

#ifndef NO_FLUSHER
active proctype Flusher()
{
#ifdef PSO
    byte k;
#endif
end:
    do
    :: FLUSH(0)
#if NTHREADS > 1
    :: FLUSH(1)
#endif
#if NTHREADS > 2
    :: FLUSH(2)
#endif
#if NTHREADS > 3
    :: FLUSH(3)
#endif
#if NTHREADS > 4
    :: FLUSH(4)
#endif
    od
}
#endif
