/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Coroutines over ucontext. ThreadSanitizer and AddressSanitizer have to be told of every switch.
 */
#include "coroutine.h"

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#if defined(__SANITIZE_THREAD__)
#define TELL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TELL_TSAN 1
#endif
#endif
#ifdef TELL_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#define STACK_BYTES (128 * 1024)

struct coroutine {
    ucontext_t context, resumer;
    void (*body)(struct coroutine *self, void *arg);
    void *arg;
    bool ended;
    void *fiber, *resumer_fiber; /* ThreadSanitizer's */
    _Alignas(16) char stack[STACK_BYTES];
};

static void tell_new(struct coroutine *co)
{
#ifdef TELL_TSAN
    co->fiber = __tsan_create_fiber(0);
#else
    co->fiber = NULL;
#endif
}

/* The next switch is to the coroutine (or back). No flag: a switch does not synchronize threads. */
static void tell_switch(struct coroutine *co, bool back)
{
#ifdef TELL_TSAN
    if (!back)
        co->resumer_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(back ? co->resumer_fiber : co->fiber, __tsan_switch_to_fiber_no_sync);
#else
    (void)co;
    (void)back;
#endif
}

static void tell_free(struct coroutine *co)
{
#ifdef TELL_TSAN
    __tsan_destroy_fiber(co->fiber);
#else
    (void)co;
#endif
}

/* makecontext() hands over ints: a pointer takes two of them. */
static void start(unsigned low, unsigned high)
{
    struct coroutine *self = (struct coroutine *)((uintptr_t)low | (uintptr_t)high << 16 << 16);

    self->body(self, self->arg);
    self->ended = true;
    tell_switch(self, true);
    setcontext(&self->resumer);
}

struct coroutine *coroutine_new(void (*body)(struct coroutine *self, void *arg), void *arg)
{
    struct coroutine *co = malloc(sizeof(*co));

    if (!co)
        return NULL;
    getcontext(&co->context);
    co->context.uc_stack.ss_sp = co->stack;
    co->context.uc_stack.ss_size = sizeof(co->stack);
    co->context.uc_link = NULL;
    co->body = body;
    co->arg = arg;
    co->ended = false;
    tell_new(co);
    makecontext(&co->context, (void (*)(void))start, 2, (unsigned)(uintptr_t)co,
                (unsigned)((uintptr_t)co >> 16 >> 16));
    return co;
}

bool coroutine_resume(struct coroutine *co)
{
    tell_switch(co, false);
    swapcontext(&co->resumer, &co->context);
    if (!co->ended)
        return true;
    coroutine_free(co);
    return false;
}

void coroutine_yield(struct coroutine *self)
{
    tell_switch(self, true);
    swapcontext(&self->context, &self->resumer);
}

void coroutine_free(struct coroutine *co)
{
    tell_free(co);
    free(co);
}
