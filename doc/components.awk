# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# The diagram of the components, for dot of Graphviz, from what "grep -H" says of their includes. A
# component is a folder of src; an arrow goes to what it includes, and is left out when other arrows
# lead there as well. Components stand below what includes them, so an arrow that went up would show.

function folder(path) {
    sub(/^src\//, "", path)
    sub(/\/[^\/]*$/, "", path)
    return path
}

function reaches(from, to,    i) {
    if (from == to)
        return 1
    for (i = 1; i <= count; i++)
        if ((from, names[i]) in edge && !(names[i] in passed)) {
            passed[names[i]] = 1
            if (reaches(names[i], to))
                return 1
        }
    return 0
}

# redundant FROM TO: whether other arrows lead there.
function redundant(from, to,    i) {
    for (i = 1; i <= count; i++)
        if (names[i] != to && names[i] != from && (from, names[i]) in edge) {
            split("", passed)
            passed[from] = 1
            if (reaches(names[i], to))
                return 1
        }
    return 0
}

# library LABEL PATTERN: the components of one library.
function library(label, pattern,    i, name) {
    print "    subgraph \"cluster_" label "\" {"
    print "        label=\"" label "\""
    for (i = 1; i <= count; i++)
        if (names[i] ~ pattern) {
            name = names[i]
            sub(/^core$/, "creation", name)
            sub(/^core\//, "", name)
            print "        \"" names[i] "\" [label=\"" name "\"]"
        }
    print "    }"
}

/include "/ {
    file = $0
    sub(/:.*/, "", file)
    from = folder(file)
    to = $0
    sub(/^[^"]*"/, "", to)
    sub(/".*/, "", to)
    if (!(from in seen)) {
        seen[from] = 1
        names[++count] = from
    }
    if (to ~ /\// && folder(to) != from)
        edge[from, folder(to)] = 1
}

END {
    for (i = 1; i <= count; i++) # by name: insertion sort
        for (j = i; j > 1 && names[j] < names[j - 1]; j--) {
            name = names[j]
            names[j] = names[j - 1]
            names[j - 1] = name
        }
    print "digraph components {"
    print "    node [shape=box, style=rounded, fontname=\"DejaVu Sans\", fontsize=12, height=0.3]"
    print "    graph [fontname=\"DejaVu Sans\", fontsize=12, ranksep=0.35, nodesep=0.25, style=rounded]"
    print "    edge [arrowsize=0.6]"
    print "    \"sqlite\" [label=\"roster.so\"]"
    print "    \"status\" [label=\"libroster-status\"]"
    library("libroster-cluster", "^(store|cluster)(/|$)")
    library("libroster", "^core(/|$)")
    for (i = 1; i <= count; i++)
        for (j = 1; j <= count; j++)
            if ((names[i], names[j]) in edge && !redundant(names[i], names[j]))
                print "    \"" names[i] "\" -> \"" names[j] "\""
    print "}"
}
