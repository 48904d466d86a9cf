/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* A Criterion program without a test: Criterion ends it with success. */

#include <criterion/criterion.h>
