/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 */
#include "refuse.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <time.h>

static __thread unsigned countdown; /* 0: none fails */
static __thread const char *only;   /* NULL: any function */
static __thread int always; /* the errno with which every call fails; 0: the n-th one does */
static __thread const char *refused;
static __thread unsigned refusals;
static long blocks;
static int64_t wall_step, boot_step;
static bool clocks_refused;
static int membarrier_error;
static unsigned membarrier_times;

void refuse_nth(unsigned n)
{
    refused = NULL;
    refusals = 0;
    only = NULL;
    always = 0;
    countdown = n;
}

void refuse_function(const char *name)
{
    refuse_nth(1);
    only = name;
}

void refuse_always(const char *name, int error)
{
    refuse_function(name);
    always = error;
}

const char *refuse_none(void)
{
    countdown = 0;
    return refused;
}

unsigned refuse_times(void)
{
    return refusals;
}

long refuse_blocks(void)
{
    return __atomic_load_n(&blocks, __ATOMIC_RELAXED);
}

unsigned refuse_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n;
}

void refuse_step_wall_clock(int64_t ns)
{
    __atomic_store_n(&wall_step, ns, __ATOMIC_RELAXED);
}

void refuse_clocks(bool all)
{
    __atomic_store_n(&clocks_refused, all, __ATOMIC_RELAXED);
}

void refuse_step_boot_clock(int64_t ns)
{
    __atomic_store_n(&boot_step, ns, __ATOMIC_RELAXED);
}

void refuse_membarrier(int error, unsigned times)
{
    __atomic_store_n(&membarrier_times, times, __ATOMIC_SEQ_CST);
    __atomic_store_n(&membarrier_error, error, __ATOMIC_SEQ_CST);
}

static __thread unsigned membarrier_passes, membarriers;

unsigned refuse_membarriers(void)
{
    return membarriers;
}

void refuse_membarrier_after(int error, unsigned passes)
{
    membarrier_passes = passes;
    refuse_membarrier(error, REFUSE_FOR_EVER);
}

static int membarrier_fails(void)
{
    int error = __atomic_load_n(&membarrier_error, __ATOMIC_SEQ_CST);
    unsigned times = __atomic_load_n(&membarrier_times, __ATOMIC_SEQ_CST);

    membarriers++;
    if (membarrier_passes) {
        membarrier_passes--;
        return 0;
    }
    while (error && times && times != REFUSE_FOR_EVER &&
           !__atomic_compare_exchange_n(&membarrier_times, &times, times - 1, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
        ;
    errno = error;
    return error && times;
}

static int fails(const char *name, int error)
{
    if (!countdown || (only && strcmp(name, only) != 0))
        return 0;
    if (!always && --countdown)
        return 0;
    refused = name;
    refusals++;
    errno = always ? always : error;
    return 1;
}

/* The build hides what is not marked, and then the shared libraries would not find these. */
#pragma GCC visibility push(default)

/* ------------------------------------------------------------ memory */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static void *counted(void *block)
{
    if (block)
        __atomic_fetch_add(&blocks, 1, __ATOMIC_RELAXED);
    return block;
}

void *malloc(size_t size)
{
    return fails("malloc", ENOMEM) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return fails("calloc", ENOMEM) ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *block, size_t size)
{
    void *grown = fails("realloc", ENOMEM) ? NULL : __libc_realloc(block, size);

    return block ? grown : counted(grown);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails("aligned_alloc", ENOMEM) ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *made = fails("posix_memalign", ENOMEM) ? NULL : counted(__libc_memalign(alignment, size));

    if (!made)
        return ENOMEM;
    *block = made;
    return 0;
}

void free(void *block)
{
    if (block)
        __atomic_fetch_sub(&blocks, 1, __ATOMIC_RELAXED);
    __libc_free(block);
}

/* ------------------------------------------------------------ files, sockets, threads */

/* The same function of the C library, looked up once. */
#define real(name, type)                                                                           \
    __extension__({                                                                                \
        static type *found;                                                                        \
        unsigned before = countdown;                                                               \
        countdown = 0; /* dlsym() may allocate */                                                  \
        if (!found)                                                                                \
            *(void **)&found = dlsym(RTLD_NEXT, #name);                                            \
        countdown = before;                                                                        \
        found;                                                                                     \
    })

/* liburcu's calls come here too. */
long syscall(long number, ...);
long syscall(long number, ...)
{
    typedef long function(long number, ...);
    long n, arguments[6];
    va_list args;

    if (number == SYS_membarrier && membarrier_fails())
        return -1;
    va_start(args, number);
    for (n = 0; n < 6; n++)
        arguments[n] = va_arg(args, long);
    va_end(args);
    return real(syscall, function)(number, arguments[0], arguments[1], arguments[2], arguments[3],
                                   arguments[4], arguments[5]);
}

/* REFUSABLE(result, name, error, value when refused, parameters, arguments) */
#define REFUSABLE(result, name, error, value, parameters, arguments)                               \
    result name parameters;                                                                        \
    result name parameters                                                                         \
    {                                                                                              \
        typedef result function parameters;                                                        \
        return fails(#name, error) ? (value) : real(name, function) arguments;                     \
    }

REFUSABLE(ssize_t, pread64, EIO, -1, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))
REFUSABLE(ssize_t, write, EIO, -1, (int fd, const void *from, size_t n), (fd, from, n))
REFUSABLE(ssize_t, pwrite64, ENOSPC, -1, (int fd, const void *from, size_t n, off_t at),
          (fd, from, n, at))
REFUSABLE(int, fsync, EIO, -1, (int fd), (fd))
REFUSABLE(int, fdatasync, EIO, -1, (int fd), (fd))
REFUSABLE(int, ftruncate64, EIO, -1, (int fd, off_t size), (fd, size))
REFUSABLE(int, fstat64, EIO, -1, (int fd, struct stat64 *to), (fd, to))

static __thread unsigned stats;
static __thread void (*stat_act)(void);

void refuse_before_stat(unsigned n, void (*act)(void))
{
    stats = n;
    stat_act = act;
}

int stat64(const char *path, struct stat64 *to)
{
    typedef int function(const char *, struct stat64 *);

    if (stats && !--stats)
        stat_act();
    return fails("stat64", EIO) ? -1 : real(stat64, function)(path, to);
}

REFUSABLE(int, statfs, EPERM, -1, (const char *path, struct statfs *to), (path, to))
REFUSABLE(void *, mmap, ENOMEM, (void *)-1,
          (void *at, size_t size, int protection, int flags, int fd, off_t offset),
          (at, size, protection, flags, fd, offset))
REFUSABLE(void *, mmap64, ENOMEM, (void *)-1,
          (void *at, size_t size, int protection, int flags, int fd, off_t offset),
          (at, size, protection, flags, fd, offset))
REFUSABLE(int, socket, EMFILE, -1, (int domain, int type, int protocol), (domain, type, protocol))
REFUSABLE(int, socketpair, EMFILE, -1, (int domain, int type, int protocol, int pair[2]),
          (domain, type, protocol, pair))
REFUSABLE(int, bind, EACCES, -1, (int fd, const struct sockaddr *to, socklen_t size),
          (fd, to, size))
REFUSABLE(int, listen, EADDRINUSE, -1, (int fd, int backlog), (fd, backlog))
REFUSABLE(int, getsockname, ENOBUFS, -1, (int fd, struct sockaddr *of, socklen_t *size),
          (fd, of, size))
REFUSABLE(int, eventfd, EMFILE, -1, (unsigned count, int flags), (count, flags))
REFUSABLE(int, epoll_create1, EMFILE, -1, (int flags), (flags))
REFUSABLE(int, connect, ECONNREFUSED, -1, (int fd, const struct sockaddr *to, socklen_t size),
          (fd, to, size))
REFUSABLE(ssize_t, send, ECONNRESET, -1, (int fd, const void *from, size_t n, int flags),
          (fd, from, n, flags))
REFUSABLE(ssize_t, recv, ECONNRESET, -1, (int fd, void *to, size_t n, int flags),
          (fd, to, n, flags))
REFUSABLE(int, pthread_create, EAGAIN, EAGAIN,
          (pthread_t * thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg),
          (thread, attr, fn, arg))
REFUSABLE(int, pthread_setspecific, ENOMEM, ENOMEM, (pthread_key_t key, const void *value),
          (key, value))

REFUSABLE(ssize_t, getrandom, ENOSYS, -1, (void *to, size_t n, unsigned flags), (to, n, flags))
REFUSABLE(FILE *, fopen, EACCES, NULL, (const char *path, const char *mode), (path, mode))

int open64(const char *path, int flags, ...);
int open64(const char *path, int flags, ...)
{
    typedef int function(const char *, int, ...);
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = va_arg(args, mode_t);
    va_end(args);
    return fails("open64", EMFILE) ? -1 : real(open64, function)(path, flags, mode);
}

int fcntl64(int fd, int command, ...);
int fcntl64(int fd, int command, ...)
{
    typedef int function(int, int, ...);
    va_list args;
    void *arg;

    va_start(args, command);
    arg = va_arg(args, void *);
    va_end(args);
    /* Letting go of a lock never fails. */
    if ((command == F_SETLK || command == F_SETLKW) &&
        ((const struct flock *)arg)->l_type != F_UNLCK && fails("fcntl64", EIO))
        return -1;
    return real(fcntl64, function)(fd, command, arg);
}

/* The next two only by name: others go on without, or wait for ever. */
int poll(struct pollfd *fds, nfds_t n, int timeout)
{
    typedef int function(struct pollfd *, nfds_t, int);

    return only && fails("poll", EINVAL) ? -1 : real(poll, function)(fds, n, timeout);
}

/* What carries its messages ends the process when it has no clock. */
static int is_criterion(const void *caller)
{
    Dl_info info;

    return dladdr(caller, &info) && info.dli_fname && strstr(info.dli_fname, "nanomsg");
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    typedef int function(clockid_t, struct timespec *);
    int err = real(clock_gettime, function)(clock, now);
    int64_t ns = 0;

    if ((__atomic_load_n(&clocks_refused, __ATOMIC_RELAXED) &&
         !is_criterion(__builtin_return_address(0))) ||
        ((clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME_COARSE) && only &&
         fails("clock_gettime", EPERM))) {
        errno = EPERM;
        memset(now, 0x55, sizeof(*now));
        return -1;
    }
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        ns = __atomic_load_n(&wall_step, __ATOMIC_RELAXED);
    else if (clock == CLOCK_BOOTTIME)
        ns = __atomic_load_n(&boot_step, __ATOMIC_RELAXED);
    if (err || !ns)
        return err;
    ns += now->tv_nsec;
    now->tv_sec += ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
    if (now->tv_nsec < 0) {
        now->tv_nsec += 1000000000;
        now->tv_sec--;
    }
    return 0;
}

#pragma GCC visibility pop
