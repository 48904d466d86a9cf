/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Structs that begin with their size, as roster/manager.h explains. */
#ifndef ROSTER_CLUSTER_BASE_OPTIONS_H
#define ROSTER_CLUSTER_BASE_OPTIONS_H

#include <stddef.h>

/*
 * Copies what the caller knows of a struct into ours of `ours` bytes and zeroes the rest. 0,
 * -EINVAL for a size that cannot be, -E2BIG when what we do not know is not zero.
 */
int options_copy(void *to, size_t ours, const void *from);

/* For a struct to be filled in: 0, -EINVAL or -E2BIG unless its size is ours. */
int options_check_size(size_t theirs, size_t ours);

#endif
