/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The signs that the operator's pages explain. A row or paragraph of doc/ that tells what a sign
 * means carries a comment "sign: NAME", and a function here produces that sign by a fault and takes
 * it away by what the page says to do.
 */
#pragma once

struct sign {
    const char *name;
    void (*produce)(void);
};

/* Ended by an entry without name. */
extern const struct sign signs_of_a_cluster[], signs_of_a_server[];

/* Something was shown: it must be what the page has in the row of the sign that is produced, where
 * a single capital letter and "..." stand for any text. */
__attribute__((format(printf, 1, 2))) void shown(const char *format, ...);
