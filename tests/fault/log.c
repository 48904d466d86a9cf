/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "log.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct log_file *file;
static _Atomic int64_t *wall_offset;
static _Atomic uint32_t threads;
static _Thread_local uint32_t thread;

void *map_file(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *memory;

    if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
        err(99, "%s", path);
    memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        err(99, "mmap %s", path);
    close(fd);
    return memory;
}

void log_open(const char *dir, const char *id)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s.%d.log", dir, id, (int)getpid());
    file = map_file(path, sizeof(*file));
    snprintf(file->id, sizeof(file->id), "%s", id);
}

void log_event(enum event_kind kind, int64_t begin, struct event event)
{
    uint32_t at = atomic_fetch_add(&file->count, 1);
    struct event *to;

    if (at >= LOG_EVENTS)
        errx(99, "the log is full");
    if (thread == 0)
        thread = atomic_fetch_add(&threads, 1) + 1;
    to = &file->events[at];
    to->error = event.error;
    to->begin = begin;
    to->end = boottime_ns();
    to->txn = event.txn;
    to->ts = event.ts;
    to->value = event.value;
    to->key = event.key;
    to->thread = thread;
    atomic_store_explicit(&to->kind, kind, memory_order_release);
}

int64_t boottime_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void sleep_us(uint64_t us)
{
    struct timespec pause = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

void wall_clock_file(const char *path)
{
    wall_offset = map_file(path, sizeof(*wall_offset));
}

static int64_t wall_seconds(void)
{
    return wall_offset == NULL ? 0 : atomic_load(wall_offset);
}

/* The program's symbols come before those of the C library, for the libraries too. */
int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, id, now);

    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        now->tv_sec += wall_seconds();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now)
{
    struct timespec precise;

    clock_gettime(CLOCK_REALTIME, &precise);
    if (now != NULL)
        *now = precise.tv_sec;
    return precise.tv_sec;
}
