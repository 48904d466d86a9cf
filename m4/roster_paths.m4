dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_CHECK_PATHS: refuse directories that make, libtool or the linker would take apart.
AC_DEFUN([ROSTER_CHECK_PATHS], [
for roster_dir in "`pwd`" "`cd "$srcdir" && pwd`"; do
  AS_CASE(["$roster_dir"], [*[[!A-Za-z0-9_/.@+~-]]*], [
    dnl Letters of other alphabets are no problem, so only what is special is refused.
    roster_special=`AS_ECHO(["$roster_dir"]) | LC_ALL=C tr -cd '@<:@:blank:@:>@:;=,%&|<>()@<:@@:>@{}*?!"\047\140\134$^@%:@'`
    AS_IF([test -n "$roster_special"],
      [AC_MSG_ERROR([make cannot work in "$roster_dir": its path may not have any of "$roster_special"; give the directory another name])])])
done
dnl Where it is to be installed, which libtool takes apart as well. A $ there is that of ${prefix}.
for roster_dir in "$prefix" "$exec_prefix" "$bindir" "$libdir" "$includedir" "$datarootdir" "$mandir"; do
  roster_special=`AS_ECHO(["$roster_dir"]) | LC_ALL=C tr -cd '@<:@:blank:@:>@:;&|<>()*?"\047\140\134@%:@'`
  AS_IF([test -n "$roster_special"],
    [AC_MSG_ERROR([make cannot install in "$roster_dir": the path may not have any of "$roster_special"])])
done
])
