dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_ARG_DEBUG: read --enable-debug, define ROSTER_DEBUG.
AC_DEFUN([ROSTER_ARG_DEBUG], [
AC_ARG_ENABLE([debug],
  [AS_HELP_STRING([--enable-debug],
    [abort with a message when two threads use one session at once; slower])],
  [], [enable_debug=no])
AS_IF([test "$enable_debug" != no],
  [AC_DEFINE([ROSTER_DEBUG], [1], [Check at run time who owns a session.])])
AC_SUBST([DEBUG_BUILD], [$enable_debug])
AM_CONDITIONAL([DEBUG], [test "$enable_debug" != no])
])
