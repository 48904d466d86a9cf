/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Structs that begin with their size: taking them from callers built against another version.
 */
#ifndef ROSTER_CORE_BASE_STRUCT_SIZE_H
#define ROSTER_CORE_BASE_STRUCT_SIZE_H

#include <stddef.h>

/*
 * Copies a caller's struct into `known`, of `known_size` bytes; members that the caller does not
 * have become 0. `first_size` is the size in the first release. Returns 0; -EINVAL when the
 * caller's is smaller than that; -E2BIG when it is larger than ours and its tail is not zero.
 */
int rst_struct_get(void *known, size_t known_size, size_t first_size, const void *callers);

/* Whether a result struct of `size` bytes can be filled: 0, -EINVAL or -E2BIG. */
int rst_struct_check(size_t size, size_t known_size, size_t first_size);

#endif /* ROSTER_CORE_BASE_STRUCT_SIZE_H */
