/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The report: text as the rows come in and a table at the end, or JSON.
 */
#pragma once

#include "options.h"
#include "row.h"

#include <stdio.h>

struct report;

/* The machine and the build that the figures belong to. */
struct machine {
    char processor[128];
    size_t processors;
    char system[256];
    char compiler[64];
};

/* `processors`: how many the program may use. */
void machine_get(struct machine *machine, size_t processors);

/* Bytes that the process has resident; 0 when it is not known. */
uint64_t resident_bytes(void);

struct report *report_create(const struct options *options, size_t processors);
void report_destroy(struct report *report);

/* Prints a measured row and keeps a copy. */
void report_row(struct report *report, const struct row *row);

/* Prints all rows together. Returns 0, or -errno when it could not be written. */
int report_end(struct report *report);

/* The parts, each writing to a stream. */
void report_text_head(FILE *out, const struct options *options, const struct machine *machine);
void report_text_row(FILE *out, const struct row *row);
void report_text_table(FILE *out, const struct row *rows, size_t n);
void report_json(FILE *out, const struct options *options, const struct machine *machine,
                 const struct row *rows, size_t n);
