# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# awk -F, -v least=PERCENT -f coverage.awk FILES.csv: adds up what gcovr says of each file, by folder.
# Fails when fewer than `least` percent of all lines were reached, or when there are none.

function row(name, lines, hit, branches, taken) {
    printf "%-16s %6d of %6d lines %5.1f %%   %6d of %6d branches %5.1f %%\n", name, hit, lines,
        lines ? 100 * hit / lines : 0, taken, branches, branches ? 100 * taken / branches : 0
}

NR == 1 {
    for (i = 1; i <= NF; i++)
        column[$i] = i
    next
}

{
    folder = $column["filename"]
    sub(/\/[^\/]*$/, "", folder)
    if (!(folder in lines))
        order[++folders] = folder
    lines[folder] += $column["line_total"]
    hit[folder] += $column["line_covered"]
    branches[folder] += $column["branch_total"]
    taken[folder] += $column["branch_covered"]
    all_lines += $column["line_total"]
    all_hit += $column["line_covered"]
    all_branches += $column["branch_total"]
    all_taken += $column["branch_covered"]
}

END {
    for (i = 1; i <= folders; i++)
        row(order[i], lines[order[i]], hit[order[i]], branches[order[i]], taken[order[i]])
    row("all", all_lines, all_hit, all_branches, all_taken)
    if (100 * all_hit < least * all_lines || !all_lines) {
        printf "coverage: fewer than %s %% of the lines\n", least
        exit 1
    }
}
