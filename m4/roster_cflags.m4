dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_DEFAULT_CFLAGS: the CFLAGS of whoever sets none.
AC_DEFUN([ROSTER_DEFAULT_CFLAGS], [
AC_BEFORE([$0], [AC_PROG_CC])
AS_IF([test "$enable_debug" != no], [roster_default_cflags="-O1 -g3"],
  [test "$enable_coverage" != no], [roster_default_cflags="-O0 -g"],
  [test "$roster_sanitizer" != none], [roster_default_cflags="-O1 -g"],
  [roster_default_cflags="-O2 -g"])
: ${CFLAGS="$roster_default_cflags"}
])

dnl ROSTER_READABLE_DEBUG_INFO: valgrind up to 3.19 gives up on what clang 14 writes by default,
dnl which is DWARF 5. Who sets CFLAGS has chosen for themselves.
AC_DEFUN([ROSTER_READABLE_DEBUG_INFO], [
AC_REQUIRE([AC_PROG_CC])
AS_IF([test "$CFLAGS" = "$roster_default_cflags"], [
  AC_MSG_CHECKING([whether $CC is clang])
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([#ifndef __clang__
#error not clang
#endif])], [roster_clang=yes], [roster_clang=no])
  AC_MSG_RESULT([$roster_clang])
  AS_IF([test $roster_clang = yes], [CFLAGS="$CFLAGS -gdwarf-4"])
])
])
