/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The command line as one table, which fills in the server's struct options.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options; /* the server's */

/* An option: a number from `min` to `max`; or a text when `max` is 0, one of those of `unit` when
 * that is in small letters, and NULL when it is not set. */
struct option_row {
    const char *name, *unit;
    size_t offset; /* in struct options: of an uint64_t, or of a text */
    uint64_t min, max, preset;
    const char *help;
};

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)
#define DAY_S UINT64_C(86400)
#define YEAR_S (365 * DAY_S)
#define TEXT(member) offsetof(struct options, member), 0, 0, 0
#define NUM(member, min, max, preset)                                                              \
    offsetof(struct options, member) + _Generic(((struct options *)NULL)->member, uint64_t : 0),   \
        min, max, preset
#define BYTES(...) "BYTES", NUM(__VA_ARGS__)
#define SECONDS(...) "SECONDS", NUM(__VA_ARGS__)
#define MS(...) "MS", NUM(__VA_ARGS__)
#define MS32(member, preset) MS(member, 0, UINT32_MAX, preset)

/* The server's: the table, whose last row has no name; and what is wrong with options together, for
 * argp_error(). */
extern const struct option_row option_rows[];
void options_check(const struct options *options, struct argp_state *state);

/* Fills in `options`, which CONFIG GET shows from then on; or exits with a message and status 2. */
void options_parse(struct options *options, int argc, char **argv, const char *about,
                   const char *version);

/* The text of a file that an option names, or its first line; NULL, and it was printed, when there
 * is none, or more than 64 KiB, or others may read the secret that it is. A pipe is a file, too.
 * option_file_forget() wipes and frees it; NULL is allowed. */
enum option_file_kind { OPTION_FILE_LINE, OPTION_FILE_SECRET, OPTION_FILE_PUBLIC };
const char *option_file(const char *path, enum option_file_kind kind);
void option_file_forget(const char *text);
