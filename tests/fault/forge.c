/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * forge DIR NUMBER: writes the log of a server that violates one guarantee, or none, so that the
 * checker can be seen to find each. Prints "GUARANTEE WHAT", "none WHAT" when there is nothing to
 * be found, and ends with 1 when there is no log of that number.
 */

#include "log.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 8

struct forgery {
    const char *guarantee;
    const char *what;
    struct event events[MOST];
};

/* KIND from BEGIN to END, with what else is set. */
#define E(which, from, to, ...)                                                                    \
    {                                                                                              \
        .kind = EVENT_##which, .begin = (from), .end = (to), __VA_ARGS__                           \
    }

static const struct forgery forgeries[] = {
    {"none",
     "all in order",
     {E(TIMESTAMP, 1, 2, .ts = 10), E(TIMESTAMP, 3, 4, .ts = 11), E(KNOWN, 5, 6, .value = 10),
      E(BEGIN, 7, 8, .txn = 1, .ts = 12), E(CHECK, 9, 10, .txn = 1, .ts = 12),
      E(MINIMUM, 11, 12, .ts = 12), E(FINISH, 13, 14, .txn = 1), E(MINIMUM, 15, 16, .ts = 20)}},
    {"none",
     "timestamps of requests at the same time, in any order",
     {E(TIMESTAMP, 1, 4, .ts = 11), E(TIMESTAMP, 2, 5, .ts = 10)}},
    {"oracle",
     "a later request, a lesser timestamp",
     {E(TIMESTAMP, 1, 2, .ts = 11), E(TIMESTAMP, 3, 4, .ts = 10)}},
    {"oracle",
     "a later request, the same timestamp",
     {E(TIMESTAMP, 1, 2, .ts = 11), E(TIMESTAMP, 3, 4, .ts = 11)}},
    {"G3",
     "the stored txn safe point goes back",
     {E(STORED, 1, 2, .value = 11), E(STORED, 3, 4, .value = 10)}},
    {"G3",
     "the stored gc safe point goes back",
     {E(STORED, 1, 2, .value = 11, .ts = 9), E(STORED, 3, 4, .value = 11, .ts = 8)}},
    {"G3",
     "the known safe point goes back",
     {E(KNOWN, 1, 2, .value = 11), E(KNOWN, 3, 4, .value = 10)}},
    {"gc", "the gc safe point above the txn safe point", {E(KNOWN, 1, 2, .value = 10, .ts = 11)}},
    {"G2",
     "a begin below a known safe point",
     {E(KNOWN, 1, 2, .value = 11), E(BEGIN, 3, 4, .txn = 1, .ts = 10)}},
    {"G2",
     "a minimum above an open transaction",
     {E(BEGIN, 1, 2, .txn = 1, .ts = 10), E(MINIMUM, 3, 4, .ts = 11)}},
    {"G2",
     "a minimum above a transaction that begins later",
     {E(MINIMUM, 1, 2, .ts = 11), E(BEGIN, 3, 4, .txn = 1, .ts = 10)}},
    {"G2",
     "a minimum above an open transaction at a chosen timestamp",
     {E(BEGIN, 1, 2, .txn = 1, .ts = 10, .value = 1), E(MINIMUM, 3, 4, .ts = 11)}},
    {"none",
     "a minimum above a later transaction at a chosen timestamp",
     {E(MINIMUM, 1, 2, .ts = 11), E(BEGIN, 3, 4, .txn = 1, .ts = 10, .value = 1)}},
    {"G8",
     "a check that succeeds below a known safe point",
     {E(KNOWN, 1, 2, .value = 11), E(CHECK, 3, 4, .txn = 1, .ts = 10)}},
    {"none",
     "a check that fails below a known safe point",
     {E(KNOWN, 1, 2, .value = 11), E(CHECK, 3, 4, .txn = 1, .ts = 10, .error = -116)}},
    {"G8",
     "a read that misses a version and is vouched for",
     {E(WRITE_BEGIN, 1, 1, .ts = 5), E(WRITE_END, 1, 2, .ts = 5), E(READ, 3, 4, .txn = 1, .ts = 10),
      E(CHECK, 5, 6, .txn = 1, .ts = 10)}},
    {"G8",
     "a read that finds an older version and is vouched for",
     {E(WRITE_BEGIN, 1, 1, .ts = 5), E(WRITE_END, 1, 2, .ts = 5), E(WRITE_BEGIN, 1, 1, .ts = 6),
      E(WRITE_END, 1, 2, .ts = 6), E(READ, 3, 4, .txn = 1, .ts = 10, .value = 5),
      E(CHECK, 5, 6, .txn = 1, .ts = 10)}},
    {"none",
     "a read that misses a version and is refused",
     {E(WRITE_BEGIN, 1, 1, .ts = 5), E(WRITE_END, 1, 2, .ts = 5), E(READ, 3, 4, .txn = 1, .ts = 10),
      E(CHECK, 5, 6, .txn = 1, .ts = 10, .error = -116)}},
    {"G8",
     "a read that finds what was never written",
     {E(READ, 3, 4, .txn = 1, .ts = 10, .value = 7), E(CHECK, 5, 6, .txn = 1, .ts = 10)}},
};

int main(int argc, char **argv)
{
    size_t number = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct log_file *file;
    char path[512];

    if (argc != 3)
        errx(2, "usage: forge DIR NUMBER");
    if (number >= sizeof(forgeries) / sizeof(forgeries[0]))
        return 1;
    snprintf(path, sizeof(path), "%s/forged.log", argv[1]);
    file = map_file(path, sizeof(*file));
    snprintf(file->id, sizeof(file->id), "forged");
    for (uint32_t i = 0; i < MOST; i++)
        memcpy(&file->events[i], &forgeries[number].events[i], sizeof(file->events[i]));
    atomic_store(&file->count, MOST);
    printf("%s %s\n", forgeries[number].guarantee, forgeries[number].what);
    return 0;
}
