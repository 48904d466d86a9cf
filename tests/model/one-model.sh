#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# A small one of the models with all its mutants, and one relacy program: that the searches work.
# "make check-model" has the others.

set -eu

if [ "$ROSTER_SANITIZER" != none ] || [ "${ROSTER_COVERAGE_BUILD-no}" = yes ]; then
    echo "models do not depend on the build"
    exit 77
fi
models="$ROSTER_SRCDIR/tests/model"
if ! command -v spin >/dev/null; then
    echo "spin is not installed"
    exit 77
fi
"$models/run-models" -j 1 kill_ids
CXX="$ROSTER_CXX" "$models/run-relacy" -j 1 check || [ $? -eq 77 ]
