# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Roster developers
#
# hostile.py VALUES LIST...: whether every value of hostile_served stands in each of these process
# lists as it has to: byte for byte where it is UTF-8, U+FFFD for every other byte and for NUL.
# hostile.py --terminal FILE...: whether the text steers no terminal.
# hostile.py --csv FILE SESSIONS: whether a list has them all and whole, and no formula.

import codecs
import csv
import json
import re
import sys
import unicodedata

codecs.register_error("each byte", lambda e: ("\ufffd", e.start + 1))


def fail(text):
    print("WRONG:", text)
    sys.exit(1)


def expected(hexadecimal):
    return bytes.fromhex(hexadecimal).decode("utf-8", "each byte").replace("\0", "\ufffd")


def check_list(values, path):
    with open(path, "rb") as file:
        rows = json.loads(file.read().decode("utf-8", "strict"))
    rows = rows["rows"] if isinstance(rows, dict) else rows
    by_id = {row["id"]: row for row in rows}
    checked = 0
    for line in values:
        id, field, hexadecimal = (line.split(" ") + [""])[:3]
        if id == "sessions":
            if len(rows) != int(field):
                fail("%s has %d rows of %s" % (path, len(rows), field))
            continue
        wanted = expected(hexadecimal)
        got = by_id[id][field]
        if got != wanted and not (wanted == "" and got is None):
            fail("%s: %s of session %s is %r, should be %r" % (path, field, id, got, wanted))
        checked += 1
    if checked < 100:
        fail("only %d values were checked" % checked)


def check_terminal(path):
    with open(path, "rb") as file:
        text = file.read().decode("utf-8", "strict")
    if len(text) < 10:
        fail("%s is empty" % path)
    for character in text.replace("\n", ""):
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            fail("%s holds U+%04X" % (path, ord(character)))


# Whole, one row for each session, and nothing that a spreadsheet would take for a formula.
def check_csv(path, sessions):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    if len(rows) != sessions + 1 or len({len(row) for row in rows}) != 1:
        fail("%s has %d rows of %d" % (path, len(rows), sessions + 1))
    cells = [cell for row in rows for cell in row]
    if max(len(cell.encode()) for cell in cells) < 10240:
        fail("%s: a statement is cut" % path)
    for cell in cells:
        if cell and cell[0] in "=+-@\uff1d\uff0b\uff0d\uff20" and not re.fullmatch(r"-[0-9.]*", cell):
            fail("%s: a formula: %r" % (path, cell[:40]))


if sys.argv[1] == "--csv":
    check_csv(sys.argv[2], int(sys.argv[3]))
elif sys.argv[1] == "--terminal":
    for name in sys.argv[2:]:
        check_terminal(name)
else:
    with open(sys.argv[1]) as lines:
        all_values = lines.read().splitlines()[1:]
    for name in sys.argv[2:]:
        check_list(all_values, name)
