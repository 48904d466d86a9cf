# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# What Doxygen reads instead of a public header: the same lines, with its marks in the comments, so
# that the headers themselves need none.

# A comment at the beginning of a line stands before what it explains, at the top for the file.
/^\/\*( |$)/ {
    if (!seen) {
        seen = 1
        sub(/^\/\*/, "/** \\file\n *")
    } else if (!/SPDX|---/)
        sub(/^\/\*/, "/**")
    first_line = 1
}
# A comment behind a declaration belongs to it.
/[;,{] +\/\*( |$)/ { sub(/\/\*/, /\{ +\/\*/ ? "/*" : "/**<") }
# The paragraph on the result.
/^ \* Returns / { sub(/Returns /, "\\return ") }
/^ \* SPDX-/ { print " *"; next }
{ print }
