// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 The Roster developers
//
// page.js BUILDDIR [PICTURES]: the status page in headless Chromium, with the servers that it is for. Each test is
// printed as "ok" or "not ok"; with PICTURES, a directory, pictures of the states are left there. $NODE_PATH has
// playwright-core and axe-core, $CHROMIUM is the browser.
"use strict";

const { spawn } = require("child_process");
const fs = require("fs");
const net = require("net");
const path = require("path");
const { chromium } = require("playwright-core");
const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [build, pictures] = process.argv.slice(2);
const widths = [390, 1440, 2560];
const children = [];
let browser, wrong = 0;

function expect(what, right, found) {
  console.log((right ? "ok" : "not ok") + " - " + what + (right ? "" : ": " + JSON.stringify(found)));
  wrong += !right;
}

// A server in a mode, or program; `end` by what it is started with, a pipe that is closed.
function serve(mode, address = "127.0.0.1:0") {
  return new Promise((resolve, reject) => {
    const program = mode === "hostile" ? "hostile_served" : "page_served";
    const child = spawn(path.join(build, "tests/status", program), [address, mode], { stdio: ["pipe", "pipe", "inherit"] });
    children.push(child);
    let text = "";
    child.on("exit", (code) => reject(new Error(program + " ended with " + code)));
    child.stdout.on("data", (data) => {
      text += data;
      if (text.includes("\n") && (mode !== "hostile" || text.includes("sessions ")))
        resolve({ child, address: text.split("\n")[0], url: "http://" + text.split("\n")[0] + "/" });
    });
  });
}
const gone = (server) => new Promise((resolve) => {
  server.child.removeAllListeners("exit");
  server.child.on("exit", resolve);
  server.child.kill("SIGKILL");
});

async function open(server, { width = 1440, scheme = "dark" } = {}) {
  const context = await browser.newContext({ bypassCSP: true, colorScheme: scheme, viewport: { width, height: width < 500 ? 844 : 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  await page.goto(server.url);
  return page;
}
const text = (page, id) => page.locator("#" + id).textContent();
const live = (page) => page.waitForFunction(() => document.getElementById("answered").textContent === "live" &&
  document.getElementById("name").textContent !== "Roster");

// Nothing serious for those who use it otherwise, nothing beyond the sides.
async function accessible(page, state) {
  await page.evaluate(axe);
  const found = await page.evaluate(async () => (await window.axe.run()).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => one.id + ": " + one.nodes.slice(0, 3).map((node) => node.target + " " + node.failureSummary).join("; ")));
  expect(state + ": axe reports nothing serious", !found.length, found);
  const wide = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(state + ": nothing is beyond the sides", wide[0] <= wide[1], wide);
  expect(state + ": no error in the page", !page.errors.length, page.errors);
}

// One state, at all widths, light and dark; `look` brings the page into it, `after` undoes what that did to the server.
async function everywhere(server, state, look, after) {
  for (const width of widths)
    for (const scheme of ["light", "dark"]) {
      const page = await open(server, { width, scheme });
      await live(page);
      await look(page);
      await accessible(page, `${state}, ${width}, ${scheme}`);
      if (pictures) await page.screenshot({ path: path.join(pictures, `${state}-${width}-${scheme}.png`) });
      if (after) await after(page);
      await page.context().close();
    }
}

// Presses "End…" somewhere, and goes through with it.
async function end(page, where, target, token) {
  await page.locator(where).first().click();
  await page.waitForSelector("#ask[open]");
  if (target) await page.locator("#ask input[value=" + target + "]").check();
  if (token) await page.locator("#token").fill(token);
  await page.locator("#ask-end").click();
}
const said = (page, words) => page.waitForFunction((words) => document.getElementById("said").textContent.includes(words), words);

// A port that nothing listens at: a record needs one that is known before.
const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});
// Three servers that meet in a store, and the page of all of them. The first one wants a token.
async function cluster() {
  const directory = fs.mkdtempSync(path.join(process.env.HOME, "cluster."));
  const store = "sqlite:" + path.join(directory, "meet.db"), servers = {};
  const start = (program, options, ready) => new Promise((resolve, reject) => {
    const child = spawn(path.join(build, program), options, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    children.push(child);
    child.on("exit", (code) => reject(new Error(program + " ended with " + code)));
    child.stdout.on("data", (data) => {
      text += data;
      if (ready.test(text)) resolve({ child, text });
    });
  });
  fs.writeFileSync(path.join(directory, "token"), "s3cret\n", { mode: 0o600 });
  for (const name of ["orders-1", "orders-2", "orders-3"]) {
    const status = name === "orders-1" ? ["--status=127.0.0.1:" + await freePort(), "--status-token=" + path.join(directory, "token")] :
      ["--status=unix:" + path.join(directory, name)];
    const { child, text } = await start("examples/kv/roster-kv", ["--port=0", "--store=" + store, "--server-id=" + name, "--lease-ttl-ms=600000",
      "--report-interval-ms=600000", "--life-time-ms=0", "--activity-ms=50", "--auth=trust", ...status], /ready/);
    servers[name] = { child, port: Number(/ port (\d+),/.exec(text)[1]) };
  }
  const page = await start("rosterctl", ["serve", "--store=" + store], /all servers in .*\n/);
  return { servers, url: page.text.split("\n")[0], child: page.child, directory };
}
// A client of such a server, which has sent these commands, each with an answer.
function client(server, ...commands) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(server.port, "127.0.0.1", () => socket.write(commands[0] + "\r\n"));
    let n = 0;
    socket.on("error", reject);
    socket.on("data", () => {
      n++;
      if (n < commands.length) socket.write(commands[n] + "\r\n");
      if (n === commands.length || (n === commands.length - 1 && commands[n].startsWith("BLPOP"))) resolve(socket);
    });
  });
}

const tests = {
  async idle() {
    const server = await serve("idle");
    await everywhere(server, "idle", async (page) => {
      await page.waitForFunction(() => document.getElementById("verdict-title").textContent === "Healthy");
    });
    const page = await open(server);
    await live(page);
    expect("idle: it says that there is no transaction", await text(page, "trx-note") === "No transaction is open.", await text(page, "trx-note"));
    expect("idle: the title is the server's", await page.title() === "orders-db-3", await page.title());
    await page.context().close();
    await gone(server);
  },

  async busy() {
    const server = await serve("busy");
    await new Promise((resolve) => setTimeout(resolve, pictures ? 60000 : 0));
    const page = await open(server);
    await live(page);
    await page.waitForSelector("#sessions tbody tr[data-id] button.end");
    expect("busy: all parts are there at once", await page.locator("#activity").isVisible(), "");
    if (pictures) { // that of the README
      await page.setViewportSize({ width: 1440, height: 1500 });
      await page.waitForSelector("#activity-rows tbody tr:nth-child(4)");
      await page.waitForSelector("#charts path.over", { state: "attached" });
      await page.screenshot({ path: path.join(pictures, "page.png") });
      await page.setViewportSize({ width: 1440, height: 900 });
    }
    // Whatever moves, what is pressed is what was meant.
    await page.locator("#sessions tbody tr[data-id] button.end").nth(5).hover();
    await page.mouse.down();
    const id = await page.evaluate(() => document.querySelector("#sessions tbody tr:hover").dataset.id);
    const before = await page.evaluate(() => document.getElementById("sessions").outerHTML);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2500)));
    expect("busy: nothing moves during a click", before === await page.evaluate(() => document.getElementById("sessions").outerHTML), "changed");
    await page.mouse.up();
    await page.waitForSelector("#ask[open]");
    expect("busy: the question is about the row that was pressed", (await text(page, "ask-title")).endsWith(" " + id + "?"), await text(page, "ask-title"));
    await page.keyboard.press("Escape");
    await page.mouse.move(5, 5);
    // The focus stays on a row while rows change places, and the page does not scroll.
    const forgotten = page.locator("#trx tr[data-id='17'] button.id");
    await forgotten.focus();
    const top = () => page.evaluate(() => Math.round(document.getElementById("trx").getBoundingClientRect().top));
    await live(page); // not while a note comes and goes that no answer has come
    await page.evaluate(() => { scrollTo(0, 120); document.activeElement.row = true; });
    const place = await top();
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 3500)));
    expect("busy: the focus survives", await page.evaluate(() => document.activeElement.row === true), await page.evaluate(() => document.activeElement.outerHTML));
    expect("busy: the page does not scroll by itself", Math.abs(await top() - place) < 2, [place, await top()]);
    // Wherever the row with the focus goes, the others go around it.
    const kept = await page.evaluate(() => ["FB", "F", "BFA", "ABF", "XYFZ"].map((order) => {
      const table = document.body.appendChild(document.createElement("table")), body = table.createTBody(), rows = {};
      for (const name of "AFBXYZ") {
        rows[name] = document.createElement("tr");
        rows[name].append(Object.assign(document.createElement("button"), { textContent: name }));
      }
      body.append(rows.A, rows.F, rows.B);
      rows.F.firstChild.focus();
      arrange(body, [...order].map((name) => rows[name]));
      const right = document.activeElement === rows.F.firstChild && body.textContent === order;
      table.remove();
      return right;
    }));
    expect("busy: whatever moves, the focus stays", kept.every(Boolean), kept);
    // So does what is selected, while its row goes to another place.
    const selected = await page.evaluate(async () => {
      document.activeElement.blur();
      const lines = document.getElementById("sessions").tBodies[0].rows, line = lines[lines.length >> 1], was = line.rowIndex;
      getSelection().selectAllChildren(line.cells[1]);
      const words = getSelection().toString();
      for (let tries = 0; tries < 150 && line.isConnected && line.rowIndex === was; tries++)
        await new Promise((resolve) => setTimeout(resolve, 100));
      const found = [words, getSelection().toString(), line.isConnected, line.rowIndex !== was];
      getSelection().removeAllRanges();
      return found;
    });
    expect("busy: the selection survives a refresh that moves its row", selected[0] && selected[1] === selected[0] && selected[2] && selected[3], selected);
    await forgotten.focus();
    await page.keyboard.press("ArrowDown");
    expect("busy: an arrow goes to the next row", await page.evaluate(() => document.activeElement.matches("#trx tbody button.id") && !document.activeElement.row), "");
    // Sorting by the keyboard.
    await page.locator("#trx thead button", { hasText: "Session" }).press("Enter");
    await page.waitForFunction(() => document.querySelector("#trx th[aria-sort]").textContent.startsWith("Session"));
    expect("busy: the headings keep the focus", await page.evaluate(() => document.activeElement.textContent.startsWith("Session")), "");
    // Who blocks whom: the root first, the others below it, each with what it waits for.
    const tree = await page.evaluate(() => [...document.querySelectorAll("#locks tbody tr")].map((line) => [line.dataset.id, line.style.getPropertyValue("--depth")].join(":")).join(" "));
    expect("busy: the tree of waits", tree === "17:0 18:1 20:2 19:1 21:2" || tree === "17:0 19:1 21:2 18:1 20:2", tree);
    expect("busy: it counts", (await text(page, "locks-count")) === "5 of 5", await text(page, "locks-count"));
    expect("busy: and says for whom", /session 18: stock, product 4711/.test(await page.locator("#locks tr[data-id='20']").textContent()), "");
    await page.locator("#locks tr[data-id='17'] button.end").click();
    await page.waitForSelector("#ask[open]");
    expect("busy: the root blocker's transaction can be ended there", await page.locator("#ask input[value=transaction]").isChecked(), "");
    await page.keyboard.press("Escape");
    await page.mouse.move(5, 5);
    // All holders of the minimum, once it is opened; what has no session can be ended by no kill.
    await page.locator("#holders-title").press("Enter");
    await page.waitForSelector("#holders tr[data-id='17'] button.end");
    expect("busy: the oldest holder is first", await page.locator("#holders tbody tr").first().getAttribute("data-id") === "17",
      await page.locator("#holders").textContent());
    await page.route(/\/holders/, (route) => route.fulfill({ json: { matched: 2, rows: [
      { ts: "1", start_time: 0, held_ms: 7000, holder: "pin", pin_kind: "backup", pin_id: "3", session_id: "0" },
      { ts: "2", start_time: 0, held_ms: 6000, holder: "pin", pin_kind: "cursor", pin_id: "4", session_id: "17", user: "reporting" }] } }));
    await page.mouse.move(5, 5);
    await page.waitForFunction(() => [...document.querySelectorAll("#holders tbody tr")].map((line) =>
      line.dataset.id + ": " + line.querySelectorAll("button").length).join() === "0 pin 3: 0,17 pin 4: 2");
    await page.locator("#holders tr[data-id='17 pin 4'] button.end").click();
    await page.waitForSelector("#ask[open]");
    expect("busy: of a pin the connection is proposed", await page.locator("#ask input[value=connection]").isChecked(), "");
    await page.keyboard.press("Escape");
    await page.unroute(/\/holders/);
    await page.locator("#holders-title").press("Enter");
    await page.mouse.move(5, 5);
    // What active sessions did: by class, and down to a statement.
    await page.getByRole("button", { name: "5 min", exact: true }).click();
    await page.waitForSelector("#activity-chart rect.part.w1");
    const axes = await page.evaluate(() => [...document.querySelectorAll("#charts svg, #activity-chart")].map((svg) =>
      [...svg.querySelectorAll("text")].map((one) => one.textContent)));
    const ages = axes[0].filter((one) => /^[\d.]+\u202f(ms|s|min|h|d)$/.test(one)).length;
    expect("busy: each chart has a scale from 0, and times below", axes.length === 4 && axes.every((one) => one[0] === "0" &&
      one.filter((label) => /^\d\d:\d\d$/.test(label)).length >= 3), axes);
    expect("busy: ages have units", ages >= 1, axes[0]);
    await page.waitForSelector("#activity-chart line.mark", { state: "attached" });
    const marks = await page.evaluate(() => [...document.querySelectorAll("#activity-chart line.mark title")].map((one) => one.textContent));
    expect("busy: events are marked among what was active", marks.some((one) => /deadlock/.test(one)), marks);
    expect("busy: what was before it was started is a gap", await page.locator("#activity-chart rect.gap").count() > 0, "");
    const lock = page.locator("#activity-rows button.id", { hasText: "Lock: row" });
    await lock.waitFor();
    await lock.press("Enter");
    await page.waitForFunction(() => /^77ab0e34$/.test(document.querySelector("#activity-rows button.id")?.textContent));
    expect("busy: a drill-down says which statement waits", /wait: Lock:row/.test(await text(page, "activity-filters")), await text(page, "activity-filters"));
    expect("busy: of four sessions", /^[34]\.\d\d$/.test(await page.locator("#activity-rows td").first().textContent()), await page.locator("#activity-rows td").first().textContent());
    // The chart is of what is chosen, and its legend of the same time as the rows.
    await page.locator("#activity-filters button").press("Enter");
    await page.locator("#activity-by").selectOption("user");
    await page.waitForFunction(() => /^(no user|\w+)$/.test(document.querySelector("#activity-rows button.id")?.textContent) &&
      /shop \d/.test(document.getElementById("activity-legend").textContent));
    const legend = await page.evaluate(() => [...document.querySelectorAll("#activity-legend span")].map((one) => one.textContent));
    const names = await page.locator("#activity-rows button.id").allTextContents();
    const shown = legend.map((one) => one.replace(/ [\d.]+$/, ""));
    expect("busy: the chart follows the grouping", names.length === shown.length && names.every((name) => shown.includes(name)), [names, legend]);
    const values = await page.evaluate(() => [...document.querySelectorAll("#activity-rows tbody tr")].map((line) =>
      [line.cells[2].firstChild.textContent, Number(line.cells[0].textContent)]));
    const of = (name) => Number(legend.find((one) => one.startsWith(name + " ")).split(" ").pop());
    expect("busy: its legend is an average of the whole time", values.every(([name, value]) => Math.abs(of(name) - value) <= 1 + value / 3), [values, legend]);
    const fills = await page.evaluate(() => [new Set([...document.querySelectorAll("#activity-legend i")].map((one) => one.className)).size,
      document.querySelectorAll("#activity-legend i").length]);
    expect("busy: each has a colour of its own", fills[0] === fills[1], fills);
    await page.locator("#activity-by").selectOption("wait");
    await page.waitForFunction(() => /CPU \d/.test(document.getElementById("activity-legend").textContent));
    await page.locator("#activity-rows button.id", { hasText: "Lock: row" }).press("Enter");
    await page.waitForFunction(() => /^77ab0e34$/.test(document.querySelector("#activity-rows button.id")?.textContent));
    await page.locator("#activity-chart").press("ArrowLeft");
    await page.waitForFunction(() => /at \d\d:\d\d:\d\d for/.test(document.getElementById("activity-count").textContent));
    await page.locator("#activity-chart").press("Escape");
    await page.locator("#activity-filters button").press("Enter");
    await page.waitForFunction(() => document.getElementById("activity-filters").children.length === 0);
    await page.locator("#search").fill("monthly-report");
    await page.waitForFunction(() => /^1 of 1$/.test(document.getElementById("sessions-count").textContent));
    expect("busy: the server searches", await page.locator("#sessions tbody tr").count() === 1, "");
    await page.locator("#sessions button.id").press("Enter");
    await page.waitForFunction(() => document.getElementById("panel-facts").textContent.includes("monthly-report"));
    expect("busy: the panel has the focus and says what it holds back",
      await page.evaluate(() => document.activeElement.id === "panel" && /the minimum, for/.test(document.getElementById("panel-facts").textContent)),
      await text(page, "panel-facts"));
    expect("busy: and what it ran last", /Last statement(select|update|insert) /.test(await text(page, "panel-facts")) &&
      await text(page, "panel-statement") === "no statement is running", await text(page, "panel-facts"));
    await page.keyboard.press("Escape");
    expect("busy: Escape closes it", await page.locator("#panel").isHidden(), "");
    await page.locator("#locks tr[data-id='20'] button.id").press("Enter");
    await page.waitForFunction(() => document.getElementById("panel-facts").textContent.includes("Blocked by"));
    const facts = await text(page, "panel-facts");
    expect("busy: of one that waits it says for what, and for whom", /Waits forLock, row, /.test(facts) &&
      /Blocked bysession 18, for stock, product 4711; root blocker: session 17/.test(facts), facts);
    expect("busy: and all of its statement", await text(page, "panel-statement") === "update stock set amount = 12 where product = 4711",
      await text(page, "panel-statement"));
    await page.keyboard.press("Escape");
    await page.context().close();
    await everywhere(server, "busy", async (one) => {
      await one.waitForSelector("#charts path");
      await one.waitForSelector("#locks tr[data-id='17']");
      await one.getByRole("button", { name: "5 min", exact: true }).click();
      await one.waitForSelector("#activity-chart rect.part");
    });
    await everywhere(server, "panel", async (one) => {
      await one.locator("#holders-title").click();
      await one.waitForSelector("#holders tr[data-id='17']");
      await one.locator("#trx tr[data-id='17'] button.id").click();
      await one.waitForFunction(() => document.getElementById("panel-facts").textContent.includes("monthly-report"));
    });
    await everywhere(server, "question", async (one) => {
      await one.locator("#holder-do button.end").click();
      await one.waitForSelector("#ask[open]");
    });
    await gone(server);
  },

  // What a user brings the page into.
  async states() {
    const server = await serve("busy");
    await everywhere(server, "drill-down", async (one) => {
      await one.getByRole("button", { name: "5 min", exact: true }).click();
      await one.locator("#activity-rows button.id", { hasText: "Lock: row" }).press("Enter");
      await one.waitForFunction(() => /^77ab0e34$/.test(document.querySelector("#activity-rows button.id")?.textContent));
      await one.locator("#activity-chart").press("ArrowLeft");
      await one.waitForSelector("#activity-chart rect.window");
      await one.waitForFunction(() => /at \d\d:\d\d:\d\d for/.test(document.getElementById("activity-count").textContent));
    });
    await everywhere(server, "details", async (one) => {
      for (const id of ["events", "deadlocks"]) {
        await one.locator("#" + id + "-all summary").click();
        await one.waitForSelector("#" + id + " li");
      }
      const [deadlock] = await one.locator("#deadlocks li").allTextContents();
      if (!/deadlock of 2 sessions: session 2 .* waited for stock, product 4711, .*session 1 .* stock, product 17/.test(deadlock))
        expect("details: who was in the deadlock", false, deadlock);
    });
    await everywhere(server, "wrong-token", async (one) => {
      await end(one, "#trx tr[data-id='17'] button.end", null, "wrong");
      await said(one, "token was not accepted");
    });
    // One session less each time.
    await everywhere(server, "killed", async (one) => {
      await end(one, "#sessions tbody tr[data-id]:not([data-id='17']):not(.gone) button.end", "connection", "s3cret");
      await said(one, "has ended");
    });
    await gone(server);
  },

  async many() {
    const server = await serve("many");
    const page = await open(server);
    await page.waitForFunction(() => document.getElementById("sessions-count").textContent.includes("of 10"));
    const count = (await text(page, "sessions-count")).replace(/\s/g, " ");
    expect("many: it says how many there are", count === "200 of 10 000", count);
    await page.locator("#trx thead button", { hasText: "Age" }).waitFor();
    expect("many: the oldest of all is first", await page.locator("#trx tbody tr").first().getAttribute("data-id") === "17", "");
    await page.locator("#sessions-more").click();
    await page.waitForFunction(() => document.getElementById("sessions-count").textContent.startsWith("400 of"));
    await page.context().close();
    await everywhere(server, "many", () => {});
    await gone(server);
  },

  async hostile() {
    const server = await serve("hostile");
    const page = await open(server);
    page.on("dialog", () => expect("hostile: no script of a client runs", false, "dialog"));
    await live(page);
    await page.waitForSelector("#sessions tbody tr[data-id]");
    const shown = await page.evaluate(() => document.body.innerText + document.title);
    const steers = shown.match(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e0fff}]/u);
    expect("hostile: what would steer the display is a sign", !steers, steers && steers[0].codePointAt(0).toString(16));
    expect("hostile: no element comes from a client", await page.locator("td script, td img, td b").count() === 0, "");
    const longest = await page.evaluate(() => Math.max(...[...document.querySelectorAll("td")].map((cell) => cell.textContent.length)));
    expect("hostile: texts are bounded", longest <= 301, longest);
    await page.context().close();
    await everywhere(server, "hostile", () => {});
    await gone(server);
  },

  async full() {
    const server = await serve("full"), page = await open(server);
    await page.waitForFunction(() => /sessions near their limit/.test(document.getElementById("problems").textContent));
    await page.waitForSelector("#charts path.over", { state: "attached" });
    const chart = page.locator("#charts figure").nth(2);
    expect("full: the limit is drawn", await chart.locator("line.limit").count() === 1, await chart.innerHTML());
    expect("full: what is above it stands out, not by its colour alone", await chart.locator("path.over").count() === 1 &&
      /problem threshold: 198/.test(await chart.locator("figcaption").textContent()), await chart.locator("figcaption").textContent());
    expect("full: it is said as well", /sessions 200, .*; problem threshold: 198$/.test(await chart.locator("svg").getAttribute("aria-label")),
      await chart.locator("svg").getAttribute("aria-label"));
    expect("full: what has no limit has no line", await page.locator("#charts figure").nth(1).locator("line.limit").count() === 0, "");
    await page.context().close();
    await everywhere(server, "full", (one) => one.waitForSelector("#charts path.over", { state: "attached" }));
    await gone(server);
  },

  async fenced() {
    const server = await serve("fenced");
    await everywhere(server, "fenced", async (page) => {
      await page.waitForFunction(() => /fenced/.test(document.getElementById("problems").textContent));
    });
    const page = await open(server);
    await page.waitForFunction(() => /problem/.test(document.getElementById("verdict-title").textContent));
    const top = await page.evaluate(() => document.getElementById("verdict").getBoundingClientRect().top);
    expect("fenced: the verdict is at the top", top < 100, top);
    expect("fenced: it says what to run", /Run:rosterctl -s /.test(await text(page, "problems")), await text(page, "problems"));
    expect("fenced: so does the title", (await page.title()).startsWith("("), await page.title());
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#problems button").first().click();
    await said(page, "Copied.");
    const copied = await page.evaluate(async () => [await navigator.clipboard.readText(), document.querySelector("#problems code").textContent]);
    expect("fenced: Copy copies it", copied[0] === copied[1] && copied[0].startsWith("rosterctl "), copied);
    await page.context().close();
    await gone(server);
  },

  async frozen() {
    const server = await serve("busy");
    const page = await open(server);
    await live(page);
    server.child.kill("SIGSTOP");
    await page.waitForSelector("body.stale");
    await page.waitForFunction(() => /^Last answer \d+.s ago: the server does not answer/.test(document.getElementById("lost").textContent));
    const title = await text(page, "verdict-title");
    expect("frozen: it does not say that the server is well", title.startsWith("Unknown; the last status was: "), title);
    await page.locator("#trx tr[data-id='17'] button.end").click();
    await page.waitForFunction(() => /does not answer/.test(document.getElementById("said").textContent));
    server.child.kill("SIGCONT");
    await page.waitForSelector("body:not(.stale)");
    await page.waitForFunction(() => document.querySelector("#charts rect.gap title")?.textContent === "no data");
    await page.waitForFunction(() => document.getElementById("lost").hidden);
    const seconds = await page.evaluate(async () => (await (await fetch("/timeline")).json()).rows.map((row) => row[0]));
    expect("frozen: the standstill is a gap", seconds.some((second, n) => n && second - seconds[n - 1] > 2), seconds);
    await page.context().close();
    await everywhere(server, "frozen", async (one) => {
      server.child.kill("SIGSTOP");
      await one.waitForSelector("body.stale");
      await one.waitForFunction(() => /^Last answer/.test(document.getElementById("lost").textContent));
    }, () => server.child.kill("SIGCONT"));
    await gone(server);
  },

  async restarted() {
    const server = await serve("busy"), page = await open(server);
    await live(page);
    await page.locator("#trx tr[data-id='17'] button.id").click();
    await page.waitForFunction(() => !document.getElementById("panel").hidden);
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 2500)));
    await gone(server);
    await page.waitForFunction(() => /cannot be reached/.test(document.getElementById("lost").textContent));
    let again = await serve("busy", server.address);
    await page.waitForFunction(() => /restarted/.test(document.getElementById("said").textContent));
    expect("restarted: what was open of the one before is closed", await page.locator("#panel").isHidden(), "");
    expect("restarted: it is live again", await page.evaluate(() => !document.body.classList.contains("stale")), "");
    await page.context().close();
    await everywhere(again, "restarted", async (one) => {
      await gone(again);
      await one.waitForFunction(() => /cannot be reached/.test(document.getElementById("lost").textContent));
      again = await serve("busy", server.address);
      await said(one, "restarted");
      await live(one);
    });
    await gone(again);
  },

  async kill() {
    const server = await serve("busy"), page = await open(server);
    await live(page);
    const ask = async () => {
      await page.locator("#trx tr[data-id='17'] button.end").click();
      await page.waitForSelector("#ask[open]");
    };
    await ask();
    expect("kill: Cancel has the focus", await page.evaluate(() => document.activeElement.id === "ask-cancel"), "");
    const targets = await text(page, "ask-targets");
    expect("kill: it says since when and what is gained", /open for .*rolled back; the connection stays\. The minimum advances by/.test(targets), targets);
    expect("kill: and who goes on", / 4 sessions blocked by it continue\./.test(targets), targets);
    expect("kill: and who", /reporting, 10\.1\.0\.17:40016, monthly-report/.test(await text(page, "ask-who")), await text(page, "ask-who"));
    await page.keyboard.press("Enter");
    expect("kill: the focus goes back", await page.evaluate(() => document.activeElement.closest("tr")?.dataset.id === "17"), "");
    await ask();
    await page.locator("#token").fill("wrong");
    await page.locator("#ask-end").click();
    await page.waitForFunction(() => /token was not accepted/.test(document.getElementById("said").textContent));
    expect("wrong token: nothing was ended", await page.locator("#trx tr[data-id='17']").count() === 1, "");
    // What has ended while the question stood there is not taken for what came after it.
    let other = null;
    while (!other) {
      other = await page.evaluate(() => {
        const line = document.querySelector("#trx tbody tr[data-id]:not([data-id='17'])");
        line?.querySelector("button.end").click();
        return line?.dataset.id;
      });
      if (!other) continue;
      await page.waitForFunction(() => asked !== null || /already ended/.test(document.getElementById("said").textContent));
      if (await page.locator("#ask input[value=transaction]").count() && await page.locator("#ask[open]").count()) break;
      await page.keyboard.press("Escape");
      other = null;
    }
    await page.evaluate(async (id) => {
      const first = asked.row.transaction;
      let now = first;
      for (; now === first || now === "0"; await new Promise((resolve) => setTimeout(resolve, 20)))
        now = (await get("/processlist?id=" + id)).rows[0].transaction;
    }, other);
    await page.locator("#ask input[value=transaction]").check();
    await page.locator("#token").fill("s3cret");
    await page.locator("#ask-end").click();
    await page.waitForFunction(() => /(stale|idle): .*Nothing was ended/.test(document.getElementById("said").textContent));
    // From the panel, a statement, which then is in the session's history.
    await page.locator("#locks tr[data-id='20'] button.id").click();
    await page.waitForFunction(() => document.getElementById("panel-facts").textContent.includes("Blocked by"));
    await page.locator("#panel-end").click();
    await page.waitForSelector("#ask[open]");
    expect("kill: of one that runs a statement, that is proposed", await page.locator("#ask input[value=statement]").isChecked() &&
      /The statement, running for /.test(await text(page, "ask-targets")), await text(page, "ask-targets"));
    await page.locator("#ask-end").click();
    await said(page, "The statement of session 20 has ended");
    await page.waitForFunction(() => document.getElementById("panel-statement").textContent === "no statement is running");
    await page.waitForFunction(() => /kill: statement of session 20, .*delivered/.test(document.getElementById("panel-events").textContent));
    expect("kill: the panel has the session's history", true, "");
    await page.keyboard.press("Escape");
    await ask();
    await page.locator("#token").fill("s3cret");
    await page.locator("#ask-end").click();
    await page.waitForFunction(() => /The transaction of session 17 has ended/.test(document.getElementById("said").textContent));
    await page.mouse.move(5, 5);
    await page.waitForSelector("#trx tr[data-id='17']", { state: "detached" });
    const happened = await text(page, "events");
    expect("kill: it is among the events", /kill: transaction of session 17, .*delivered/.test(happened), happened);
    await page.waitForFunction(() => [...document.querySelectorAll("#charts line.mark title")].some((title) => /kill: .*session 17, /.test(title.textContent)));
    await page.waitForFunction(() => document.getElementById("said").children.length === 0);
    expect("kill: the result disappears", true, "");
    await page.locator("#search").fill("monthly-report");
    await page.locator("#sessions tr[data-id='17'] button.end").click();
    await page.locator("#ask input[value=connection]").check();
    await page.locator("#ask-end").click();
    await page.waitForFunction(() => /The connection of session 17 has ended/.test(document.getElementById("said").textContent));
    await page.mouse.move(5, 5);
    await page.waitForFunction(() => /No session matches/.test(document.getElementById("sessions-note").textContent));
    expect("kill: no error in the page", !page.errors.length, page.errors);
    await page.context().close();
    await gone(server);
  },

  async cluster() {
    const whole = await cluster(), sockets = [];
    for (const [name, user] of [["orders-1", "batch"], ["orders-2", "shop"], ["orders-3", "web"]])
      for (let n = 0; n < 4; n++)
        sockets.push(await client(whole.servers[name], "AUTH " + user + " x", "CLIENT SETNAME " + user + "-" + n, ...(n ? [] : ["BEGIN", "GET stock"])));
    const page = await open(whole);
    await live(page);
    await page.waitForFunction(() => document.getElementById("verdict-title").textContent === "Healthy; 3 of 3 servers answered");
    expect("cluster: the title says of what", await page.title() === "cluster /roster", await page.title());
    await page.waitForFunction(() => document.querySelectorAll("#sessions tbody tr").length === 15);
    // On a busy machine a server may miss its second, and is there again two seconds later.
    await page.waitForFunction(() => [...document.querySelector("#trx tbody tr").cells].slice(1, 3).map((cell) => cell.textContent).join(" ") === "orders-1 batch");
    expect("cluster: the oldest of all is first, with its server", true, "");
    await page.waitForFunction(() => /session \d+ of orders-1 \(batch/.test(document.getElementById("holder").textContent));
    expect("cluster: it is named as what holds the minimum", true, "");
    await page.waitForSelector("#charts path");
    await page.waitForFunction(() => /Sessions .*sessions 15/.test([...document.querySelectorAll("#charts svg")].map((one) => one.getAttribute("aria-label")).join()));
    await page.waitForFunction(() => /orders-\d: /.test(document.getElementById("events").textContent));
    expect("cluster: and what has happened, with its server", true, "");
    await page.locator("#activity-by").selectOption("server");
    const ref = await page.evaluate(() => [...document.querySelectorAll("#trx tbody tr")].find((line) => line.dataset.id.startsWith("orders-1:")).dataset.id);
    await page.locator("#trx tr[data-id='" + ref + "'] button.id").click();
    await page.waitForFunction(() => document.getElementById("panel-facts").textContent.includes("orders-1"));
    await page.keyboard.press("Escape");
    // One of them is frozen: it is named and dimmed, and the others are live.
    whole.servers["orders-2"].child.kill("SIGSTOP");
    await page.waitForFunction(() => /2 of 3 servers answered$/.test(document.getElementById("verdict-title").textContent));
    expect("cluster: who does not answer is the worst problem", /^orders-2: silent/.test(await page.locator("#problems b").first().textContent()),
      await text(page, "problems"));
    expect("cluster: and dimmed", (await page.locator("#servers li.silent").allTextContents()).join() === "orders-2: silent", await text(page, "servers"));
    await page.waitForFunction(() => document.querySelectorAll("#sessions tbody tr").length === 10);
    let stale = 0;
    for (let n = 0; n < 20; n++) {
      stale += await page.evaluate(() => document.body.classList.contains("stale"));
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect("cluster: the others are not stale", stale === 0, stale);
    await everywhere(whole, "cluster", async (one) => {
      await one.waitForSelector("#servers li.silent");
      await one.waitForSelector("#trx tbody tr");
      await one.waitForSelector("#charts path");
    });
    // A server may say anything: what makes no sense is as if it were not known, and takes nothing else with it.
    await page.route(/\/locks/, (route) => route.fulfill({ json: { rows: [], matched: 0, deadlocks: [{ number: "1", at_ms: {}, waits: 7 }] } }));
    await page.route(/\/trx/, (route) => route.fulfill({ json: { rows: [{ server: "x", session_id: "1", user: { toString: 1 }, age_ms: "x" }], matched: 1 } }));
    await page.waitForFunction(() => /deadlock of 0 sessions/.test(document.getElementById("deadlocks").textContent));
    await page.waitForFunction(() => /toString/.test(document.getElementById("trx").textContent));
    await page.unroute(/\/locks/);
    await page.unroute(/\/trx/);
    await live(page);
    await page.waitForSelector("#trx tr[data-id='" + ref + "']");
    // The kill goes to the server of the row, which wants its token.
    const ask = async () => {
      await page.locator("#trx tr[data-id='" + ref + "'] button.end").click();
      await page.waitForSelector("#ask[open]");
    };
    await ask();
    expect("cluster: it asks about a session of that server", /in session \d+ of orders-1\?$/.test(await text(page, "ask-title")), await text(page, "ask-title"));
    expect("cluster: says what is gained", /The minimum advances by/.test(await text(page, "ask-targets")), await text(page, "ask-targets"));
    expect("cluster: and how it is done by hand", new RegExp("^rosterctl --store=sqlite:.* kill --transaction=\\d+ " + ref + "$").test(await text(page, "ask-command")),
      await text(page, "ask-command"));
    await accessible(page, "cluster, question");
    await page.locator("#token").fill("wrong");
    await page.locator("#ask-end").click();
    await page.waitForFunction(() => /token was not accepted/.test(document.getElementById("said").textContent));
    await ask();
    await page.locator("#token").fill("s3cret");
    await page.locator("#ask-end").click();
    await page.waitForFunction(() => /The transaction of session \d+ of orders-1 has ended/.test(document.getElementById("said").textContent));
    await page.mouse.move(5, 5);
    await page.waitForSelector("#trx tr[data-id='" + ref + "']", { state: "detached" });
    whole.servers["orders-2"].child.kill("SIGCONT");
    await page.waitForFunction(() => /3 of 3 servers answered$/.test(document.getElementById("verdict-title").textContent));
    await page.context().close();
    for (const socket of sockets) socket.destroy();
    await gone(whole);
    for (const name in whole.servers) await gone(whole.servers[name]);
  },
};

(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server"] });
  try {
    const only = process.env.ONLY ? process.env.ONLY.split(",") : Object.keys(tests);
    for (const name of only)
      if (name === "cluster" && !["rosterctl", "examples/kv/roster-kv"].every((program) => fs.existsSync(path.join(build, program))))
        console.log("skipped: cluster needs rosterctl and roster-kv");
      else
        await tests[name]();
  } catch (error) {
    expect("no test breaks off", false, String(error.stack));
  } finally {
    await browser.close();
    for (const child of children) { child.removeAllListeners("exit"); child.kill("SIGKILL"); }
  }
  process.exit(wrong ? 1 : 0);
})();
