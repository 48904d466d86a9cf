/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the command line asks for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MAX_THREADS 1024
#define MAX_ROUNDS 101

/* Where transactions get their start timestamps; oracle.h says what each of them measures. */
enum oracle_kind {
    ORACLE_THREAD,
    ORACLE_SHARED,
    ORACLE_CLOCK,
};

/* What runs beside the committers of the workload mixed; bits. */
enum beside {
    BESIDE_SYNCER = 1,       /* a minimum every 10 ms */
    BESIDE_LISTER = 2,       /* a list of all sessions every 100 ms */
    BESIDE_LISTER_FLAT = 4,  /* lists without pause */
    BESIDE_SCANNER_FLAT = 8, /* minima without pause */
};

struct options {
    size_t threads;  /* 0: each row's own number, and so for the next three */
    size_t sessions; /* in all */
    size_t active;   /* of them, those that a thread uses */
    size_t open;     /* transactions */
    size_t text;     /* bytes of a statement's text */
    bool text_given;
    size_t rounds;
    double seconds; /* of one measurement; each row takes rounds * variants of them */
    enum oracle_kind oracle;
    unsigned beside; /* 0: the rows of the table */
    bool cpu_time;
    bool random_order; /* threads visit their sessions at random, not in the order of memory */
    bool pin;
    bool realtime;      /* no other thread gets a processor during a measurement */
    const char *json;   /* NULL: none; "-": standard output, in place of the text */
    unsigned workloads; /* bit i: workloads[i] of workloads.h */
};

/*
 * Fills `*options`. Ends the program after --help and --version with 0, and with 2 when something
 * is wrong, which it explains on standard error.
 */
void options_parse(struct options *options, int argc, char **argv);

const char *oracle_kind_name(enum oracle_kind kind);
