/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Symbol visibility, linkage and attributes shared by the public headers.
 */
#ifndef ROSTER_EXPORT_H
#define ROSTER_EXPORT_H

#include <stddef.h>

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

/*
 * Some functions have the name of the struct that they fill, which in C++ hides its constructor;
 * g++ warns of that among what -Wshadow finds, and there is nothing to construct.
 */
#ifdef __cplusplus
#define ROSTER_BEGIN_DECLS                                                                         \
    _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") extern "C"       \
    {
#define ROSTER_END_DECLS                                                                           \
    }                                                                                              \
    _Pragma("GCC diagnostic pop")
#else
#define ROSTER_BEGIN_DECLS
#define ROSTER_END_DECLS
#endif

/* Casts and the null pointer, in each language as its warnings want them. */
#ifdef __cplusplus
#define ROSTER_CAST(type, value) static_cast<type>(value)
#define ROSTER_POINTER_CAST(type, pointer) reinterpret_cast<type>(pointer)
#define ROSTER_NULL nullptr
#if __cplusplus >= 201402L
#define ROSTER_CONSTEXPR constexpr
#else
#define ROSTER_CONSTEXPR inline
#endif
/* A struct that begins with its size, all else 0; extern "C" around our headers does no harm. */
extern "C++" template <typename sized> ROSTER_CONSTEXPR sized roster_sized()
{
    sized value = sized();

    value.size = sizeof(value);
    return value;
}
#define ROSTER_SIZED(type) roster_sized<type>()
#else
#define ROSTER_CAST(type, value) ((type)(value))
#define ROSTER_POINTER_CAST(type, pointer) ((type)(pointer))
#define ROSTER_NULL NULL
#define ROSTER_SIZED(type)                                                                         \
    {                                                                                              \
        .size = sizeof(type)                                                                       \
    }
#endif

#endif /* ROSTER_EXPORT_H */
