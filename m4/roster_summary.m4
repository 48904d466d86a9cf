dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_SUMMARY: say what make will build and what it has to leave out.
AC_DEFUN([ROSTER_SUMMARY], [
AS_ECHO(["
roster $PACKAGE_VERSION

  compiler     $CC
  flags        $CFLAGS
  prefix       $prefix
  libraries    shared $enable_shared, static $enable_static
  werror       $enable_werror
  sanitizer    $roster_sanitizer
  debug        $enable_debug
  coverage     $enable_coverage
  probes       $enable_probes

What can be built beside the core library:
$roster_summary
"])
])
