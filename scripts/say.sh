# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Messages of the scripts.

# say TEXT...: a step that begins.
say() {
    printf '== %s\n' "$*"
}

# die TEXT...: give up, with the reason.
die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}
