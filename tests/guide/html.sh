#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# make doc ends without a warning, the guide's pages are there under their names, no link between
# pages leads nowhere, diagrams are drawn, and functions have their text.

set -u
command -v doxygen >/dev/null || { echo "doxygen is not installed" && exit 77; }
cd "$TMPDIR" || exit 99
wrong=0
fail() {
    wrong=1
    echo "WRONG: $*"
}

mkdir doc
doxygen "$ROSTER_BUILDDIR/doc/Doxyfile" >log 2>&1 || fail "doxygen ended with status $?"
cat log
[ ! -s log ] || fail "doxygen warns"
cd doc/html || exit 1
for title in "How Roster works" "A guide for server authors" "1. First steps" "10. C++" \
    "Operating servers" "How the servers of a cluster agree" Contributing; do
    grep -qF "<title>Roster: $title</title>" ./*.html || fail "no page \"$title\""
done
for page in "$ROSTER_SRCDIR"/doc/*.md "$ROSTER_SRCDIR"/doc/manual/*.md; do
    wanted=$(grep -c '^```mermaid' "$page")
    [ "$wanted" -eq 0 ] ||
        [ "$(cat md_doc_*"$(basename "$page" .md).html" | grep -c '<svg class="sequence"')" -eq "$wanted" ] ||
        fail "a diagram of $page is not drawn"
done
if grep -n -e sequenceDiagram -e 'doc/markdown.awk does not know' md_*.html; then
    fail "a diagram is not drawn as it is written"
fi
grep -ohE '<(img|object)[^>]* (src|data)="[^"]*\.svg"' ./*.html | sed 's/.*="//; s/"$//' |
    sort -u >pictures
[ "$(wc -l <pictures)" -ge 2 ] || fail "only $(wc -l <pictures) pictures"
while read -r picture; do
    [ -f "$picture" ] || fail "$picture is not there"
done <pictures
# Links to pages of ours; Doxygen leaves those that it cannot follow as they were.
if grep -noE 'href="[^"]*\.(md|h|c)"' md_*.html index.html; then
    fail "links that lead nowhere"
fi
grep -ohE 'href="[a-zA-Z_0-9]+\.html' ./*.html | sed 's/href="//' | sort -u >targets
while read -r target; do
    [ -f "$target" ] || fail "$target is not there"
done <targets
grep -qF "Confirms the transaction's snapshot" txn_8h.html || fail "roster_txn_check() has no text"
grep -qF "pins beyond the age limit: ignored" structroster__min.html ||
    fail "a member has no text"
exit "$wrong"
