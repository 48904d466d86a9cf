dnl SPDX-License-Identifier: LGPL-2.1-or-later
dnl SPDX-FileCopyrightText: 2026 The Roster developers

dnl ROSTER_ENGINES: what roster-bench can compare Roster with. The peers' libraries are not built
dnl for the sanitizers, which would see races and leaks in them that are none or not ours.
AC_DEFUN([ROSTER_ENGINES], [
AS_IF([test "$roster_sanitizer" != none || test "$roster_have_BENCH" != yes],
  [: ${with_glib=no} ${with_lmdb=no} ${with_wiredtiger=no} ${with_ck=no} ${with_tbb=no} dnl
     ${with_cuckoo=no}])
ROSTER_OPTIONAL_PKG([GLIB], [glib-2.0 >= 2.66], [libglib2.0-dev], [bench: tables and locks])
ROSTER_OPTIONAL_PKG([LMDB], [lmdb >= 0.9.24], [liblmdb-dev], [bench: LMDB])
ROSTER_OPTIONAL_PKG([WIREDTIGER], [wiredtiger >= 3.2], [libwiredtiger-dev], [bench: WiredTiger])
ROSTER_OPTIONAL_PKG([CK], [ck >= 0.7], [libck-dev], [bench: Concurrency Kit])
ROSTER_ENGINE_CXX([TBB], [tbb/concurrent_hash_map.h],
  [#include <tbb/concurrent_hash_map.h>
   tbb::concurrent_hash_map<int, int> table;], [libtbb-dev], [bench: oneTBB])
ROSTER_ENGINE_CXX([CUCKOO], [libcuckoo/cuckoohash_map.hh],
  [#include <libcuckoo/cuckoohash_map.hh>
   libcuckoo::cuckoohash_map<int, int> table;], [libcuckoo-dev], [bench: libcuckoo])
dnl ThreadSanitizer knows neither fences nor liburcu in a caller's objects.
AM_CONDITIONAL([HAVE_RENDERED], [test "$roster_sanitizer" = none])
AS_IF([test "$roster_sanitizer" = none],
  [AC_DEFINE([HAVE_RENDERED], [1], [The engines that are written here are built.])])
])

dnl ROSTER_ENGINE_CXX(VAR, HEADER, C++ SOURCE, DEBIAN PACKAGE, PURPOSE): as ROSTER_OPTIONAL_PKG,
dnl for headers of templates, which say nothing unless they compile.
AC_DEFUN([ROSTER_ENGINE_CXX], [
m4_pushdef([roster_lower], m4_tolower([$1]))
AC_ARG_WITH(roster_lower,
  [AS_HELP_STRING([--without-]roster_lower, [do without ]roster_lower[ ($5)])],
  [], [AS_TR_SH([with_]roster_lower)=auto])
roster_have_$1=no
AS_IF([test "$AS_TR_SH([with_]roster_lower)" = no], [roster_have_$1=disabled], [
  AC_MSG_CHECKING([for $2])
  AC_LANG_PUSH([C++])
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([$3])], [roster_have_$1=yes])
  AC_LANG_POP([C++])
  AC_MSG_RESULT([$roster_have_$1])
])
AS_IF([test "$AS_TR_SH([with_]roster_lower) $roster_have_$1" = "yes no"],
  [AC_MSG_ERROR([--with-]roster_lower[ was given, but $2 cannot be compiled (Debian: $4)])])
AS_IF([test "$roster_have_$1" = yes], [AC_DEFINE([HAVE_$1], [1], [$2 is there.])])
AM_CONDITIONAL([HAVE_$1], [test "$roster_have_$1" = yes])
ROSTER_NOTE_OPTIONAL([$1], roster_lower, [$4], [$5])
m4_popdef([roster_lower])
])
