/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What grows how: fitted to what was measured, with no more parameters than two processors allow.
 */
#pragma once

#include "samples.h"

/*
 * The exponent e of cost ~ sessions^e, by least squares over the logarithms of the medians of all
 * tables of the work with one thread and the same share of open transactions, in tenths (0: none).
 * False when there are fewer than three sizes.
 */
bool fit_exponent(const struct samples *samples, enum work work, bool tenth_open,
                  const struct engine *engine, double *exponent);

/*
 * The universal scalability law says that n processors do n / (1 + sigma (n - 1) + kappa n (n - 1))
 * times the work of one. Two processors tell one number of it, sigma + 2 kappa: 0 is linear, 1 is
 * no gain at all. False when the work was not measured with one thread and with two.
 */
bool fit_scalability(const struct samples *samples, enum work work, size_t sessions,
                     const struct engine *engine, double *sigma_2_kappa);
