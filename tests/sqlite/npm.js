// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 The Roster developers
//
// npm.js EXTENSION FILE WHICH: node:sqlite or better-sqlite3, each with an SQLite of its own inside,
// and programs that know nothing of Roster but for one loadExtension(): the second connection, which
// loads nothing, leaves a cursor open and a transaction idle; both are named and ended. The second's
// connections have no mutex: only their own thread may roll back, when it comes back.

const [extension, file, which] = process.argv.slice(2);
const mutex = which === "node:sqlite";
let wrong = 0;

function open() {
  if (mutex)
    return new (require("node:sqlite").DatabaseSync)(file, { allowExtension: true });
  return new (require("better-sqlite3"))(file);
}

function expect(what, wanted, got) {
  const text = JSON.stringify(got);
  if (text === JSON.stringify(wanted)) {
    console.log(`right: ${which}: ${what}`);
  } else {
    wrong = 1;
    console.log(`WRONG: ${which}: ${what}: expected ${JSON.stringify(wanted)}, got ${text}`);
  }
}

const first = open();
first.exec("PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t(a)");
first.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) " +
  "INSERT INTO t SELECT i FROM n");
first.loadExtension(extension);
const ask = (sql) => first.prepare(sql).all();
const second = open();
const write = () => first.exec("UPDATE t SET a = a + 1");

const rows = second.prepare("SELECT a FROM t /* export */").iterate();
rows.next();
write();
expect("a cursor is named", [{ state: mutex ? "cursor open" : "running", statement: "SELECT a FROM t /* export */" }],
  ask("SELECT state, statement FROM roster_blocker"));
rows.return();
expect("nothing blocks", [], ask("SELECT state FROM roster_blocker"));

second.exec("BEGIN");
second.exec("SELECT count(*) FROM t /* report */");
write();
expect("an idle transaction is named with what it did last",
  [{ state: "idle in transaction", statement: "SELECT count(*) FROM t /* report */" }],
  ask("SELECT state, statement FROM roster_blocker"));
const [{ answer }] = ask("SELECT roster_kill(id) AS answer FROM roster_blocker");
expect("one query ends it", true, mutex ? answer === "ended" : /its next statement fails/.test(answer));
if (!mutex) {
  let failure = "";
  try {
    second.exec("SELECT count(*) FROM t");
  } catch (error) {
    failure = error.code;
  }
  expect("its own thread is told", "SQLITE_INTERRUPT", failure);
  second.exec("ROLLBACK");
}
expect("the WAL is truncated", true,
  /truncated to 0 bytes/.test(ask("SELECT roster_checkpoint() AS answer")[0].answer));
second.close();
expect("the other one is left", [{ n: 1 }], ask("SELECT count(*) AS n FROM roster_connections"));
first.close();
process.exit(wrong);
