/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * without_membarrier PROGRAM [ARGUMENT...]: runs a program that the kernel refuses membarrier(), as
 * old kernels and strict containers do. It has to be refused from the start, because liburcu asks
 * once, before main(). Says so as TAP when that cannot be arranged.
 */

#include "refuse_membarrier.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: without_membarrier PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    if (refuse_membarrier_to_all()) {
        printf("1..0 # SKIP membarrier cannot be refused here: %s\n", strerror(errno));
        return 0;
    }
    if (syscall(SYS_membarrier, 0, 0, 0) != -1) {
        printf("membarrier was not refused\n");
        return 1;
    }
    execvp(argv[1], argv + 1);
    fprintf(stderr, "%s: %s\n", argv[1], strerror(errno));
    return 127;
}
