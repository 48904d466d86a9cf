# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What Doxygen reads instead of a page: the same lines without comments, and each sequence diagram
# as a picture. GitHub draws the diagrams itself. Debian has nothing that does, and Doxygen's own
# message charts write texts over each other. Known here are the lines that the pages use:
# participant, an arrow, Note over, loop and end.

# wrap TEXT WIDTH: into lines[1..n] of at most WIDTH characters; <br/> always ends a line.
function wrap(text, width,    words, count, i) {
    gsub(/<br\/>/, " \n ", text)
    count = split(text, words, / +/)
    n = 1
    lines[1] = ""
    for (i = 1; i <= count; i++)
        if (words[i] == "\n" || (lines[n] != "" && length(lines[n] " " words[i]) > width))
            lines[++n] = words[i] == "\n" ? "" : words[i]
        else
            lines[n] = lines[n] (lines[n] == "" ? "" : " ") words[i]
    return n
}

function escaped(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    return text
}

# write X: the wrapped lines, centred, and the next line of the picture below them.
function write(x,    i) {
    for (i = 1; i <= n; i++)
        out = out "<text x=\"" x "\" y=\"" y + i * line - 4 "\">" escaped(lines[i]) "</text>\n"
    y += n * line
}

# arrow FROM TO DASHED TEXT
function arrow(from, to, dashed, text,    left, right, tip) {
    left = from < to ? from : to
    right = from < to ? to : from
    wrap(text, (right - left) / letter - 2)
    write((left + right) / 2)
    tip = to + (from < to ? -8 : 8)
    out = out "<path class=\"arrow" (dashed ? " dashed" : "") "\" d=\"M" from " " y + 4 " H" to "\"/>\n"
    out = out "<path class=\"tip\" d=\"M" to " " y + 4 " L" tip " " y " L" tip " " y + 8 "z\"/>\n"
    y += 18
}

# box LEFT RIGHT TEXT
function box(left, right, text) {
    n = wrap(text, (right - left) / letter - 2)
    out = out "<rect class=\"note\" x=\"" left "\" y=\"" y "\" width=\"" right - left "\" height=\"" \
        n * line + 8 "\" rx=\"3\"/>\n"
    y += 3
    write((left + right) / 2)
    y += 15
}

function picture(    i, width, head, name) {
    width = lanes * lane
    for (i = 1; i <= lanes; i++) {
        name = escaped(title[i])
        head = head "<path class=\"life\" d=\"M" (i - 0.5) * lane " 34 V" y "\"/>\n" \
            "<rect class=\"who\" x=\"" (i - 0.5) * lane - 75 "\" y=\"6\" width=\"150\" height=\"28\" rx=\"3\"/>\n" \
            "<text class=\"who\" x=\"" (i - 0.5) * lane "\" y=\"25\">" name "</text>\n"
    }
    print "\\htmlonly"
    print "<svg class=\"sequence\" viewBox=\"0 0 " width " " y + 6 "\" width=\"" width "\" role=\"img\">"
    printf "%s%s", head, out
    print "</svg>"
    print "\\endhtmlonly"
}

BEGIN { lane = 300; line = 17; letter = 6.9 }

/^```mermaid/ {
    inside = 1
    lanes = 0
    out = ""
    y = 48
    next
}
inside && /^```/ { picture(); inside = 0; next }
inside {
    sub(/^ +/, "")
    text = $0
    sub(/^[^:]*: ?/, "", text)
    if (/^participant /) {
        middle[$2] = (lanes + 0.5) * lane
        title[++lanes] = $0
        sub(/^participant [^ ]+ as /, "", title[lanes])
    } else if (/^Note over /) {
        sub(/^Note over /, "")
        sub(/:.*/, "")
        count = split($0, ends, ",")
        box(middle[ends[1]] - 135, middle[ends[count]] + 135, text)
    } else if (/^loop /) {
        sub(/^loop /, "")
        out = out "<path class=\"loop\" d=\"M6 " y - 4 " H" lanes * lane - 6 "\"/>\n" \
            "<text class=\"loop\" x=\"10\" y=\"" y + 11 "\">" escaped($0) "</text>\n"
        y += 20
    } else if (/^end$/) {
        out = out "<path class=\"loop\" d=\"M6 " y - 4 " H" lanes * lane - 6 "\"/>\n"
        y += 8
    } else if (match($0, /--?>>/)) {
        from = substr($0, 1, RSTART - 1)
        to = substr($0, RSTART + RLENGTH)
        sub(/:.*/, "", to)
        arrow(middle[from], middle[to], RLENGTH == 4, text)
    } else if (!/^sequenceDiagram$/) {
        print "doc/markdown.awk does not know this line of a diagram: " $0
    }
    next
}
/^.!--/ { next }
# Doxygen follows links within a page to headings that have a name, and wants one for those above them, too.
{
    rest = $0
    while (match(rest, /\]\(#[a-z0-9-]+\)/)) {
        linked[substr(rest, RSTART + 3, RLENGTH - 4)] = 1
        rest = substr(rest, RSTART + RLENGTH)
    }
}
/^###? / {
    name = tolower($0)
    sub(/^#+ /, "", name)
    gsub(/[^a-z0-9 -]/, "", name)
    gsub(/ /, "-", name)
    if (name in linked)
        $0 = $0 " {#" name "}"
    else if (/^## /) {
        page = FILENAME
        gsub(/.*\/|\.md$/, "", page)
        $0 = $0 " {#" page "-" name "}"
    }
}
{ print }
