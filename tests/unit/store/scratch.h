/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Temporary directories and child processes that cannot outlive their test. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Makes a directory that a process of its own removes as soon as this process has ended. */
void scratch_dir(char *path, size_t size);

/* fork() whose child gets SIGKILL when this process ends. */
pid_t scratch_fork(void);

/* Runs a program from PATH to its end, silently; its exit status or -1. */
int scratch_run(const char *const *arguments);

/* A port of 127.0.0.1 that was free a moment ago. */
int scratch_port(void);

/* One where no server listens, nor can until the process ends. */
int scratch_dead_port(void);
