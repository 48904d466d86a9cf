/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Structs that begin with their size: those of callers built against another version.
 */
#pragma once

#include <roster/export.h>
#include <stddef.h>

/*
 * The one rule for options, attributes and results, in all libraries; doc/abi.md says why. A struct
 * that is smaller than in the first release, `first_size`, is -EINVAL. A larger one than ours,
 * `known_size`, is -E2BIG unless what we do not know of it is zero, and above 64 KiB in any case.
 * Everything else is taken.
 * Exported under a version of their own, for Roster's other libraries.
 */
ROSTER_API int rst_struct_check(const void *callers, size_t known_size, size_t first_size);

/*
 * The same, and copies the caller's struct into `known`: members that the caller does not have
 * become 0, and the size becomes ours. After an error `known` is as it was. Of NULL, for options
 * that need not be given, all members become 0.
 */
ROSTER_API int rst_struct_get(void *known, size_t known_size, size_t first_size,
                              const void *callers);

/* Fills in a result that was checked, as far as the caller has it. Its size stays. */
ROSTER_API void rst_struct_put(void *callers, const void *known, size_t known_size);
