/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * Annotations for the sanitizers: the stack in use for AddressSanitizer, the running fiber for
 * ThreadSanitizer. Empty in other builds.
 */
#pragma once

#include <stddef.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define TELL_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define TELL_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif

/* One side of the switches between a coroutine and the thread that resumes it. */
struct tell_side {
    void *fiber, *fake_stack;
    const void *stack;
    size_t size;
};

static inline void tell_new(struct tell_side *coroutine, const void *stack, size_t size)
{
    coroutine->fake_stack = NULL;
    coroutine->fiber = NULL;
    coroutine->stack = stack;
    coroutine->size = size;
#ifdef TELL_TSAN
    coroutine->fiber = __tsan_create_fiber(0);
#endif
}

static inline void tell_free(struct tell_side *coroutine)
{
    (void)coroutine;
#ifdef TELL_TSAN
    __tsan_destroy_fiber(coroutine->fiber);
#endif
}

/* Call right before the switch; `last` if no switch returns to `from`. The two sides run in one
 * thread, so everything before the switch happens before everything after it. */
static inline void tell_leave(struct tell_side *from, struct tell_side *to, int last)
{
    (void)from;
    (void)to;
    (void)last;
#ifdef TELL_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->stack, to->size);
#endif
#ifdef TELL_TSAN
    from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
}

/* Call right after the switch, on the other side. */
static inline void tell_arrive(struct tell_side *here, struct tell_side *from)
{
    (void)here;
    (void)from;
#ifdef TELL_ASAN
    __sanitizer_finish_switch_fiber(here->fake_stack, &from->stack, &from->size);
#endif
}
