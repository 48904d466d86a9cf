/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Structs that begin with their size, so that callers may be built against another version.
 */
#pragma once

#include <roster/export.h>
#include <stddef.h>

/*
 * The one rule for options, attributes and results, in all libraries; doc/abi.md says why. A struct
 * smaller than in the first release, `first_size`, is -EINVAL. A struct larger than the library's,
 * `known_size`, is -E2BIG unless its unknown part is zero; one above 64 KiB always is. Everything
 * else is accepted. Exported under a version of their own, for Roster's other libraries.
 */
ROSTER_API int rst_struct_check(const void *callers, size_t known_size, size_t first_size);

/*
 * The same, and copies the caller's struct into `known`: members that the caller does not have
 * become 0, and the size becomes the library's. After an error `known` is unchanged. NULL, for
 * optional options, sets all members to 0.
 */
ROSTER_API int rst_struct_get(void *known, size_t known_size, size_t first_size,
                              const void *callers);

/* Fills in a checked result up to the caller's size, which does not change. */
ROSTER_API void rst_struct_put(void *callers, const void *known, size_t known_size);
