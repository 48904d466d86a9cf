/*
 * SPDX-FileCopyrightText: 2026 The Roster developers
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Symbol visibility, linkage and attributes shared by the public headers.
 */
#ifndef ROSTER_EXPORT_H
#define ROSTER_EXPORT_H

/* noplt: programs call through the global offset table, without a stop at a jump on the way. */
#if defined(__has_attribute)
#if __has_attribute(noplt)
#define ROSTER_NOPLT , noplt
#endif
#endif
#ifndef ROSTER_NOPLT
#define ROSTER_NOPLT
#endif

#if defined(__GNUC__)
#define ROSTER_API __attribute__((visibility("default") ROSTER_NOPLT))
#define ROSTER_MUST_CHECK __attribute__((warn_unused_result))
#else
#define ROSTER_API
#define ROSTER_MUST_CHECK
#endif

#ifdef __cplusplus
#define ROSTER_BEGIN_DECLS extern "C" {
#define ROSTER_END_DECLS }
#else
#define ROSTER_BEGIN_DECLS
#define ROSTER_END_DECLS
#endif

#endif /* ROSTER_EXPORT_H */
