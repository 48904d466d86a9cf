/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "failing.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <urcu/urcu-bp.h>
#include <urcu/rculfhash.h>

static __thread unsigned countdown; /* 0: none fails */
static __thread bool all;
static __thread unsigned failed;
static long blocks, bytes;
static void *later[16]; /* mapped to be used later; by one thread at a time */

void failing_nth(unsigned n)
{
    countdown = n;
    all = false;
    failed = 0;
}

void failing_all(void)
{
    countdown = 0;
    all = true;
    failed = 0;
}

unsigned failing_none(void)
{
    countdown = 0;
    all = false;
    return failed;
}

long failing_blocks(void)
{
    return __atomic_load_n(&blocks, __ATOMIC_RELAXED);
}

long failing_bytes(void)
{
    return __atomic_load_n(&bytes, __ATOMIC_RELAXED);
}

static void add_bytes(long more)
{
    __atomic_fetch_add(&bytes, more, __ATOMIC_RELAXED);
}

static bool fails(void)
{
    bool now = all || countdown == 1;

    if (countdown)
        countdown--;
    failed += now;
    return now;
}

static void *counted(void *block)
{
    if (block) {
        __atomic_fetch_add(&blocks, 1, __ATOMIC_RELAXED);
        add_bytes((long)malloc_usable_size(block));
    }
    return block;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* The linker's names for what was asked for, and for what takes its place. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t n, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__real_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void *at, size_t size);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
int __real_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attr);
int __real_pthread_condattr_init(pthread_condattr_t *attr);
int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
struct cds_lfht *__real__cds_lfht_new(unsigned long init, unsigned long least, unsigned long most,
                                      int flags, const struct cds_lfht_mm_type *mm,
                                      const struct rcu_flavor_struct *flavor, pthread_attr_t *attr);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t n, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset);
int __wrap_munmap(void *at, size_t size);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attr);
int __wrap_pthread_condattr_init(pthread_condattr_t *attr);
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
struct cds_lfht *__wrap__cds_lfht_new(unsigned long init, unsigned long least, unsigned long most,
                                      int flags, const struct cds_lfht_mm_type *mm,
                                      const struct rcu_flavor_struct *flavor, pthread_attr_t *attr);

void *__wrap_malloc(size_t size)
{
    return fails() ? no_memory() : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? no_memory() : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    long before = (long)malloc_usable_size(block);
    void *grown = fails() ? no_memory() : __real_realloc(block, size);

    if (block && grown)
        add_bytes((long)malloc_usable_size(grown) - before);
    return block ? grown : counted(grown);
}

void *__wrap_reallocarray(void *block, size_t n, size_t size)
{
    long before = (long)malloc_usable_size(block);
    void *moved = fails() ? no_memory() : __real_reallocarray(block, n, size);

    if (block && moved)
        add_bytes((long)malloc_usable_size(moved) - before);
    return block ? moved : counted(moved);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? no_memory() : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block)
{
    if (block) {
        __atomic_fetch_sub(&blocks, 1, __ATOMIC_RELAXED);
        add_bytes(-(long)malloc_usable_size(block));
    }
    __real_free(block);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int file, off_t offset)
{
    void *made;
    unsigned n;

    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    made = __real_mmap(at, size, protection, flags, file, offset);
    if (made == MAP_FAILED)
        return made;
    for (n = 0; flags & MAP_NORESERVE && n < sizeof(later) / sizeof(later[0]); n++)
        if (!later[n]) {
            later[n] = made;
            return made;
        }
    add_bytes((long)size);
    return made;
}

int __wrap_munmap(void *at, size_t size)
{
    unsigned n;
    int err = __real_munmap(at, size);

    if (err)
        return err;
    for (n = 0; n < sizeof(later) / sizeof(later[0]); n++)
        if (later[n] == at) {
            later[n] = NULL;
            return err;
        }
    add_bytes(-(long)size);
    return err;
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg)
{
    return fails() ? EAGAIN : __real_pthread_create(thread, attr, fn, arg);
}

int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    return fails() ? ENOMEM : __real_pthread_key_create(key, destructor);
}

int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return fails() ? ENOMEM : __real_pthread_setspecific(key, value);
}

int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    return fails() ? ENOMEM : __real_pthread_mutex_init(mutex, attr);
}

int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attr)
{
    return fails() ? ENOMEM : __real_pthread_cond_init(condition, attr);
}

int __wrap_pthread_condattr_init(pthread_condattr_t *attr)
{
    return fails() ? ENOMEM : __real_pthread_condattr_init(attr);
}

int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    return fails() ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

struct cds_lfht *__wrap__cds_lfht_new(unsigned long init, unsigned long least, unsigned long most,
                                      int flags, const struct cds_lfht_mm_type *mm,
                                      const struct rcu_flavor_struct *flavor, pthread_attr_t *attr)
{
    if (fails())
        return no_memory();
    return __real__cds_lfht_new(init, least, most, flags, mm, flavor, attr);
}
