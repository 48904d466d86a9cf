/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Static probes (USDT), for bpftrace, perf and systemtap: one instruction that does nothing until a
 * tracer attaches. Only with --enable-probes; otherwise no code is generated.
 */
#pragma once

#include "config.h"

#ifdef ROSTER_PROBES
#include <sys/sdt.h>
#define rst_probe1(name, a) DTRACE_PROBE1(roster, name, a)
#define rst_probe2(name, a, b) DTRACE_PROBE2(roster, name, a, b)
#define rst_probe4(name, a, b, c, d) DTRACE_PROBE4(roster, name, a, b, c, d)
#else
#define rst_probe1(name, a) ((void)0)
#define rst_probe2(name, a, b) ((void)0)
#define rst_probe4(name, a, b, c, d) ((void)0)
#endif
