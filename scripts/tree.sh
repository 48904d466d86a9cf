# shellcheck shell=bash
# shellcheck disable=SC2154 # step_log is set by say.sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# One script at a time bootstraps, configures and builds in a source tree.

# take_tree: waits until no other script builds here, and makes others wait from then on, until this
# process and what it has started have ended, or leave_tree. What a script starts may call it again.
take_tree() {
    [ "${ROSTER_TREE-}" != "$PWD" ] || return 0
    if ! { : >>.build-lock; } 2>/dev/null; then
        die "cannot write in $PWD as $(id -un); if root has built here before, root has to" \
            "give it back: chown -R $(id -un) $PWD"
    fi
    if command -v flock >/dev/null; then
        exec {tree_lock}>>.build-lock
        if ! flock -n "$tree_lock"; then
            say "waiting for process $(cat .build-lock), which builds in the same sources"
            flock "$tree_lock"
        fi
        echo "$$" >.build-lock
    fi
    export ROSTER_TREE=$PWD
    : >"$step_log"
}

# leave_tree: what is left to do only uses what was built. No effect where another process has it.
leave_tree() {
    [ -n "${tree_lock-}" ] || return 0
    exec {tree_lock}>&-
    unset tree_lock ROSTER_TREE
}
