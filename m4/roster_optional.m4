dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_OPTIONAL_PKG(VAR, PKG-CONFIG MODULES, DEBIAN PACKAGE, PURPOSE)
dnl Looks for a package that Roster can do without, unless --without-var is given (VAR in small letters,
dnl with hyphens); --with-var
dnl makes its absence an error. Sets VAR_CFLAGS, VAR_LIBS, roster_have_VAR and the conditional
dnl HAVE_VAR, defines HAVE_VAR in config.h, and notes the outcome for ROSTER_SUMMARY.
AC_DEFUN([ROSTER_OPTIONAL_PKG], [
m4_pushdef([roster_lower], m4_translit(m4_tolower([$1]), [_], [-]))
AC_ARG_WITH(roster_lower,
  [AS_HELP_STRING([--without-]roster_lower, [do without ]roster_lower[ ($4)])],
  [], [AS_TR_SH([with_]roster_lower)=auto])
AS_IF([test "$AS_TR_SH([with_]roster_lower)" = no], [roster_have_$1=disabled],
  [PKG_CHECK_MODULES([$1], [$2], [roster_have_$1=yes], [roster_have_$1=no])])
AS_IF([test "$AS_TR_SH([with_]roster_lower) $roster_have_$1" = "yes no"],
  [AC_MSG_ERROR([--with-]roster_lower[ was given, but $2 is missing (Debian: $3)])])
AS_IF([test "$roster_have_$1" = yes], [AC_DEFINE([HAVE_$1], [1], [$2 is there.])])
AM_CONDITIONAL([HAVE_$1], [test "$roster_have_$1" = yes])
ROSTER_NOTE_OPTIONAL([$1], roster_lower, [$3], [$4])
m4_popdef([roster_lower])
])

dnl ROSTER_WITHOUT(NEEDED, NAME...): NEEDED is not there, so what is found by each NAME is left out;
dnl an error where --with-NAME was given.
AC_DEFUN([ROSTER_WITHOUT], [
m4_foreach_w([roster_name], [$2], [
AS_IF([test "$AS_TR_SH([with_]roster_name)" = yes],
  [AC_MSG_ERROR([--with-]roster_name[ was given, but what it is for needs $1])])
AS_TR_SH([with_]roster_name)=no])
])

dnl ROSTER_NOTE_OPTIONAL(VAR, NAME, DEBIAN PACKAGE, PURPOSE): a line for the summary.
AC_DEFUN([ROSTER_NOTE_OPTIONAL], [
AS_CASE([$roster_have_$1],
  [yes], [roster_note="yes"],
  [disabled], [roster_note="switched off"],
  [roster_note="missing, install $3"])
roster_summary="$roster_summary
  `printf '%-12s %-24s' '$2' '$4'` $roster_note"
])
