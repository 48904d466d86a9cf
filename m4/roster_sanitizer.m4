dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_ARG_SANITIZER: read --enable-sanitizer, set roster_sanitizer ("none" without).
AC_DEFUN([ROSTER_ARG_SANITIZER], [
AC_ARG_ENABLE([sanitizer],
  [AS_HELP_STRING([--enable-sanitizer=LIST],
    [build all with the sanitizers LIST: address, undefined, thread or address,undefined])],
  [], [enable_sanitizer=no])
AS_CASE([$enable_sanitizer],
  [no], [roster_sanitizer=none],
  [address|undefined|thread], [roster_sanitizer=$enable_sanitizer],
  [address,undefined|undefined,address], [roster_sanitizer=address,undefined],
  [AC_MSG_ERROR([--enable-sanitizer takes address, undefined, thread or address,undefined, not "$enable_sanitizer"])])
AC_SUBST([SANITIZER], [$roster_sanitizer])
])

dnl ROSTER_CHECK_SANITIZER: set SANITIZER_CFLAGS and SANITIZER_LDFLAGS, define ROSTER_SANITIZER_*.
AC_DEFUN([ROSTER_CHECK_SANITIZER], [
SANITIZER_CFLAGS=
SANITIZER_LDFLAGS=
AS_IF([test "$roster_sanitizer" != none], [
  SANITIZER_LDFLAGS="-fsanitize=$roster_sanitizer"
  SANITIZER_CFLAGS="$SANITIZER_LDFLAGS -fno-omit-frame-pointer"
  AX_CHECK_LINK_FLAG([$SANITIZER_LDFLAGS], [],
    [AC_MSG_ERROR([$CC cannot link with $SANITIZER_LDFLAGS])])
])
AS_CASE([,$roster_sanitizer,],
  [*,address,*], [AC_DEFINE([ROSTER_SANITIZER_ADDRESS], [1], [Built with AddressSanitizer.])])
AS_CASE([,$roster_sanitizer,],
  [*,undefined,*], [
    SANITIZER_CFLAGS="$SANITIZER_CFLAGS -fno-sanitize-recover=all"
    AC_DEFINE([ROSTER_SANITIZER_UNDEFINED], [1], [Built with UndefinedBehaviorSanitizer.])])
dnl A tail call would drop the frame of liburcu's caller that the suppressions look at.
AS_CASE([,$roster_sanitizer,],
  [*,thread,*], [
    SANITIZER_CFLAGS="$SANITIZER_CFLAGS -fno-optimize-sibling-calls"
    AC_DEFINE([ROSTER_SANITIZER_THREAD], [1], [Built with ThreadSanitizer.])])
AC_SUBST([SANITIZER_CFLAGS])
AC_SUBST([SANITIZER_LDFLAGS])
AM_CONDITIONAL([SANITIZER], [test "$roster_sanitizer" != none])
AM_CONDITIONAL([SANITIZER_THREAD], [test "$roster_sanitizer" = thread])
])
