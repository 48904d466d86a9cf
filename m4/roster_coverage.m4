dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_ARG_COVERAGE: read --enable-coverage.
AC_DEFUN([ROSTER_ARG_COVERAGE], [
AC_ARG_ENABLE([coverage],
  [AS_HELP_STRING([--enable-coverage], [count executed lines, for "make coverage"])],
  [], [enable_coverage=no])
])

dnl ROSTER_CHECK_COVERAGE: set COVERAGE_CFLAGS and COVERAGE_LDFLAGS, look for gcovr.
AC_DEFUN([ROSTER_CHECK_COVERAGE], [
AC_REQUIRE([ROSTER_ARG_COVERAGE])
COVERAGE_CFLAGS=
COVERAGE_LDFLAGS=
AS_IF([test "$enable_coverage" != no], [
  AC_CHECK_PROG([GCOVR], [gcovr], [gcovr], [no])
  AS_IF([test "$GCOVR" = no],
    [AC_MSG_ERROR([--enable-coverage needs gcovr (Debian: gcovr)])])
  COVERAGE_CFLAGS="--coverage -fprofile-update=atomic"
  COVERAGE_LDFLAGS="--coverage"
  AS_CASE([`$CC --version`],
    [*clang*], [COVERAGE_GCOV="llvm-cov gcov"],
    [COVERAGE_GCOV="gcov"])
])
AC_SUBST([COVERAGE_CFLAGS])
AC_SUBST([COVERAGE_LDFLAGS])
AC_SUBST([COVERAGE_GCOV])
AC_SUBST([COVERAGE_BUILD], [$enable_coverage])
AM_CONDITIONAL([COVERAGE], [test "$enable_coverage" != no])
])
