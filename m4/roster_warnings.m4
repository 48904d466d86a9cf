dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_WARNINGS: probe each warning by itself, because compilers differ in what they know.
dnl WARN_CFLAGS is for every file; LIB_WARN_CFLAGS adds those that Criterion's headers trip.
AC_DEFUN([ROSTER_WARNINGS], [
dnl A release is compiled by compilers that did not exist when it was made.
AC_ARG_ENABLE([werror],
  [AS_HELP_STRING([--enable-werror], [take warnings for errors; the default in a git checkout])],
  [], [AS_IF([test -e "$srcdir/.git"], [enable_werror=yes], [enable_werror=no])])
WARN_CFLAGS=
LIB_WARN_CFLAGS=
AX_APPEND_COMPILE_FLAGS([-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes dnl
  -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Wundef dnl
  -Wformat=2 -Wimplicit-fallthrough -Wduplicated-cond -Wduplicated-branches -Wlogical-op dnl
  -Walloca -Wnested-externs -Wdate-time -Wcomma -Wassign-enum -Wthread-safety],
  [WARN_CFLAGS], [-Werror])
AX_APPEND_COMPILE_FLAGS([-Wconversion -Wsign-conversion], [LIB_WARN_CFLAGS], [-Werror])
dnl clang, unlike gcc, looks into macros of system headers, and liburcu's casts without need.
AX_APPEND_COMPILE_FLAGS([-Wcast-qual -Wcast-align], [LIB_WARN_CFLAGS], [-Werror],
  [AC_LANG_SOURCE([[
#include <urcu/compiler.h>
struct outer { long number; int inner; };
struct outer *outer_of(int *inner);
struct outer *outer_of(int *inner) { return caa_container_of(inner, struct outer, inner); }
  ]])])
AS_IF([test "$enable_werror" != no], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])
AC_SUBST([LIB_WARN_CFLAGS])
])
