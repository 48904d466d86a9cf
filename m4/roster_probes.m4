dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_ARG_PROBES: read --enable-probes.
AC_DEFUN([ROSTER_ARG_PROBES], [
AC_ARG_ENABLE([probes],
  [AS_HELP_STRING([--enable-probes],
    [static probes for bpftrace, perf and systemtap; one idle instruction each])],
  [], [enable_probes=no])
])

dnl ROSTER_CHECK_PROBES: look for what they need, define ROSTER_PROBES.
AC_DEFUN([ROSTER_CHECK_PROBES], [
AS_IF([test "$enable_probes" != no],
  [AC_CHECK_HEADER([sys/sdt.h],
    [AC_DEFINE([ROSTER_PROBES], [1], [Compile static probes in.])],
    [AC_MSG_ERROR([--enable-probes needs sys/sdt.h (Debian: systemtap-sdt-dev)])])])
AC_SUBST([PROBES_BUILD], [$enable_probes])
])
