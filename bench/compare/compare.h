/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * roster-bench compare: Roster and its peers side by side.
 */
#pragma once

/* The program's work when its first argument is compare; returns its exit status. */
int compare_main(int argc, char **argv);
