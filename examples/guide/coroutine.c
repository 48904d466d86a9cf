/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Coroutines over ucontext.
 */
#include "coroutine.h"

#include "coroutine_tell.h"

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (128 * 1024)

struct coroutine {
    ucontext_t context, resumer;
    struct tell_side self_side, resumer_side;
    void (*body)(struct coroutine *self, void *arg);
    void *arg;
    bool ended;
    _Alignas(16) char stack[STACK_BYTES];
};

/* Replaces swapcontext(), which AddressSanitizer intercepts. */
static void switch_context(ucontext_t *from, const ucontext_t *to)
{
    volatile bool back = false;

    getcontext(from);
    if (!back) {
        back = true;
        setcontext(to);
    }
}

static void leave(struct coroutine *self)
{
    tell_leave(&self->self_side, &self->resumer_side, self->ended);
    switch_context(&self->context, &self->resumer);
    tell_arrive(&self->self_side, &self->resumer_side);
}

/* makecontext() passes ints: a pointer takes two of them. */
static void start(unsigned low, unsigned high)
{
    struct coroutine *self = (struct coroutine *)((uintptr_t)low | (uintptr_t)high << 16 << 16);

    tell_arrive(&self->self_side, &self->resumer_side);
    self->body(self, self->arg);
    self->ended = true;
    leave(self);
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
    tell_new(&co->self_side, co->stack, sizeof(co->stack));
    makecontext(&co->context, (void (*)(void))start, 2, (unsigned)(uintptr_t)co,
                (unsigned)((uintptr_t)co >> 16 >> 16));
    return co;
}

bool coroutine_resume(struct coroutine *co)
{
    tell_leave(&co->resumer_side, &co->self_side, 0);
    switch_context(&co->resumer, &co->context);
    tell_arrive(&co->resumer_side, &co->self_side);
    if (!co->ended)
        return true;
    tell_free(&co->self_side);
    free(co);
    return false;
}

void coroutine_yield(struct coroutine *self)
{
    leave(self);
}
