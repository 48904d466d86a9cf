# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# Reads the samples: each column's median in the second quarter of the time and in the last one.
# Flat is what has not grown by more than its share and its slack. A crowd of 100 comes and goes, so
# the descriptors go up and down by that; and the machine may be busy with something else. What open
# transactions keep grows with how fast others write, so versions count by the statements of a second.

function median(column, from, to,  n, i, j, x, v) {
    n = 0
    for (i = from; i < to; i++)
        v[n++] = value[i, column]
    for (i = 1; i < n; i++) {
        x = v[i]
        for (j = i - 1; j >= 0 && v[j] > x; j--)
            v[j + 1] = v[j]
        v[j + 1] = x
    }
    return n ? v[int(n / 2)] : 0
}

function judge(column, name, share, slack,  early, late, flat) {
    early = median(column, int(rows / 4), int(rows / 2))
    late = median(column, int(rows * 3 / 4), rows)
    flat = late <= early * (1 + share) + slack
    printf "%-23s %12.1f %12.1f  %s\n", name, early, late, flat ? "flat" : "GROWS"
    bad += !flat
}

!/^#/ {
    for (i = 1; i <= NF; i++)
        value[rows, i] = $i
    value[rows, "kept"] = $9 > before ? $7 * ($1 - since) / ($9 - before) : 0
    since = $1
    before = $9
    rows++
}

END {
    if (rows < 20) {
        print "only " rows + 0 " samples"
        exit 1
    }
    printf "%-23s %12s %12s\n", "median of", "2nd quarter", "4th quarter"
    judge(2, "resident memory, KiB", 0.10, 16384)
    judge(3, "file descriptors", 0.25, 150)
    judge(4, "threads", 0, 1)
    judge(5, "backlog, bytes", 0.5, 4194304)
    judge(6, "roster memory, bytes", 0.10, 1048576)
    judge("kept", "versions, s of writing", 0.5, 1)
    judge(8, "PING, microseconds", 1.0, 50000)
    judge(10, "the store's file, bytes", 0.25, 1048576)
    judge(11, "its log, bytes", 0.25, 5242880)
    exit bad > 0
}
