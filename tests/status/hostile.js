// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 The Roster developers
//
// hostile.js FILE...: parses each as JSON that is valid UTF-8, and prints it, ASCII only.

const fs = require("fs");
for (const path of process.argv.slice(2)) {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(fs.readFileSync(path));
  const again = JSON.stringify(JSON.parse(text)).replace(/[^ -~]/g,
    (unit) => "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));
  console.log(again);
}
