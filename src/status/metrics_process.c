/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Which build a server runs, and what its process uses, under the names that Prometheus' clients
 * give. What /proc does not show is left out.
 */
#include "status/metrics.h"

#include "core/base/clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <roster/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of /proc/self/stat, by the numbers that proc(5) gives the fields: times in ticks, memory in bytes
 * and in pages. */
enum field { USER = 14, SYSTEM = 15, THREADS = 20, STARTED = 22, VIRTUAL = 23, RESIDENT = 24 };

#define FIELDS (RESIDENT + 1)

/* The name of the program, which is the second field, in parentheses, may have any character in it.
 */
static bool read_process(uint64_t fields[FIELDS])
{
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    const char *at;
    int n;

    if (!file)
        return false;
    line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
    at = strrchr(line, ')');
    fclose(file);
    for (n = 3; at && n < FIELDS; n++) {
        at = strchr(at, ' ');
        fields[n] = at ? strtoull(++at, NULL, 10) : 0; /* 0 for what is not a number */
    }
    return at != NULL;
}

/* Newer kernels have the number as the size of the directory; in older ones it has to be read. */
static uint64_t count_descriptors(void)
{
    struct stat shown;
    uint64_t count = 0;
    DIR *directory;

    if (!stat("/proc/self/fd", &shown) && shown.st_size > 0)
        return (uint64_t)shown.st_size;
    directory = opendir("/proc/self/fd");
    if (!directory)
        return 0;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the directory is this thread's alone */
    while (readdir(directory))
        count++;
    closedir(directory);
    return count > 3 ? count - 3 : 0; /* "." and "..", and its own */
}

static void put_descriptors(struct out *out)
{
    uint64_t count = count_descriptors();
    struct rlimit limit;

    if (count)
        rst_metric_gauge(out, "process_open_fds", "File descriptors that are open.", count);
    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur != RLIM_INFINITY)
        rst_metric_gauge(out, "process_max_fds", "The most that may be open.", limit.rlim_cur);
}

static void put_build(struct out *out)
{
    rst_metric_family(out, "roster_build_info", "gauge",
                      "1, with the version of Roster that the server runs.");
    rst_metric_labelled(out, "roster_build_info", "version", roster_version());
    rst_status_text_put(out->text, "} 1\n");
}

void rst_metrics_put_process(struct out *out, uint64_t *started_ms)
{
    uint64_t second = (uint64_t)sysconf(_SC_CLK_TCK);
    uint64_t process[FIELDS], boot_ms = rst_clock_ms(CLOCK_BOOTTIME), wall_ms = rst_wall_ms();

    put_build(out);
    put_descriptors(out);
    if (!read_process(process) || !second)
        return;
    if (!*started_ms && boot_ms && wall_ms)
        *started_ms = rst_since(wall_ms, rst_since(boot_ms, process[STARTED] * 1000 / second));
    if (*started_ms)
        rst_metric_gauge_seconds(out, "process_start_time_seconds",
                                 "When the process began, since the Unix epoch.",
                                 (int64_t)(*started_ms * 1000000));
    rst_metric_family(out, "process_cpu_seconds", "counter",
                      "Time that the process spent on processors.");
    rst_status_text_put(out->text, "process_cpu_seconds_total ");
    rst_status_text_seconds(out->text,
                            (int64_t)((process[USER] + process[SYSTEM]) * (1000000000 / second)));
    rst_status_text_put(out->text, "\n");
    rst_metric_gauge(out, "process_threads", "Threads of the process.", process[THREADS]);
    rst_metric_gauge(out, "process_virtual_memory_bytes", "Address space in use.",
                     process[VIRTUAL]);
    rst_metric_gauge(out, "process_resident_memory_bytes", "Memory in use.",
                     process[RESIDENT] * (uint64_t)sysconf(_SC_PAGESIZE));
}
