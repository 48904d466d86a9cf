/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Certificate authorities for tests, made by the program openssl. Each call asserts success. */
#pragma once

#include <stdbool.h>

/* Whether the program can be run. */
bool authority_available(void);

/* Makes DIR/NAME.pem, which is valid for two days, and its key. */
void authority_make(const char *dir, const char *name);

/* Makes DIR/NAME.pem and .key for a host as in subjectAltName ("IP:127.0.0.1"). */
void authority_certify(const char *dir, const char *authority, const char *name, const char *host);

/* Puts an authority into a directory as OpenSSL looks for it, which must exist. */
void authority_directory(const char *dir, const char *authority, const char *directory);

/* Replaces a file by an authority's certificate, at once. */
void authority_copy(const char *dir, const char *authority, const char *to);
