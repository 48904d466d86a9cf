/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * A directory of an engine's own, on a file system in memory where there is one.
 */
#pragma once

/* Returns 0 or a negative errno; the path is to be removed with directory_remove(). */
int directory_create(char **path);

/* Removes it with the files in it, and frees the path. NULL is allowed. */
void directory_remove(char *path);
