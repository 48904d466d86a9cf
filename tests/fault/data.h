/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * A versioned data set that all servers of a test share, as servers share a storage engine. Each
 * key is written and collected by one server and read by all. A version is its commit timestamp
 * and nothing else, so there is nothing to be torn, and a server may be killed at any instruction.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#define DATA_SERVERS 8
#define DATA_KEYS_EACH 4
#define DATA_KEYS (DATA_SERVERS * DATA_KEYS_EACH)
#define DATA_VERSIONS 128

struct data {
    _Atomic uint64_t versions[DATA_KEYS][DATA_VERSIONS]; /* 0: free */
};

/* Maps the data set in DIR. */
struct data *data_open(const char *dir);

/* The newest version at or below ts, or 0. */
uint64_t data_read(struct data *data, uint32_t key, uint64_t ts);

/* A free place for a version of the key, or NULL; only its one writer asks. */
_Atomic uint64_t *data_place(struct data *data, uint32_t key);

/* Deletes what no reader at or above the safe point can see; returns how many. Newest first, so
 * that who reads below it finds old versions rather than none. */
uint64_t data_collect(struct data *data, uint32_t key, uint64_t safe_point);
