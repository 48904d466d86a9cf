// SPDX-License-Identifier: LGPL-2.1-or-later
// SPDX-FileCopyrightText: 2026 The Roster developers
//
// page-lacks.js PAGE ANSWERS: runs the script of the status page on as much of a document as it uses, with answers of
// which each member is taken away in turn, or is something else. None of that may end a part of the page, or all of
// it. ANSWERS has what an endpoint says, by path.
"use strict";
const fs = require("fs");
const vm = require("vm");

class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], parent: null, dataset: {}, attributes: {}, words: "", value: "wait", hidden: false, clientWidth: 400, clientHeight: 150 });
    this.style = { setProperty() {} };
    this.classList = { add() {}, remove() {}, toggle() {}, contains: () => false };
    if (tag === "table") this.append(new Element("thead"), new Element("tbody"));
  }
  get textContent() { return this.children.length ? this.children.map((one) => one.textContent).join("") : this.words; }
  set textContent(text) { this.children = []; this.words = String(text); }
  get firstChild() { return this.children[0] ?? null; }
  get firstElementChild() { return this.firstChild; }
  get lastChild() { return this.children[this.children.length - 1] ?? null; }
  get nextSibling() { return this.parent?.children[this.parent.children.indexOf(this) + 1] ?? null; }
  get rows() { return this.children; }
  get cells() { return this.children; }
  get tHead() { return this.children[0]; }
  get tBodies() { return [this.children[1]]; }
  get selectedOptions() { return [this]; }
  get isConnected() { return true; }
  get namespaceURI() { return ""; }
  add(one, place) {
    const made = one instanceof Element ? one : Object.assign(new Element("#text"), { words: String(one) });
    made.remove();
    made.parent = this;
    this.children.splice(place, 0, made);
    return made;
  }
  append(...all) { for (const one of all) this.add(one, this.children.length); }
  appendChild(one) { return this.add(one, this.children.length); }
  insertBefore(one, next) { one.remove(); this.add(one, next ? this.children.indexOf(next) : this.children.length); }
  replaceChildren(...all) { this.children = []; this.append(...all); }
  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((one) => one !== this);
    this.parent = null;
  }
  contains(one) { return one === this || this.children.some((child) => child.contains(one)); }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  getAttribute(name) { return this.attributes[name] ?? null; }
  querySelectorAll() { return []; }
  getBoundingClientRect() { return { left: 0, width: 400 }; }
  addEventListener() {}
  focus() {}
}

const [page, answersFile] = process.argv.slice(2);
const html = fs.readFileSync(page, "utf8"), script = html.match(/<script>\n([^]*)\nloop\(\);\n<\/script>/)[1];
const elements = new Map([...html.matchAll(/<(\w+)[^>]* id="([\w-]+)"/g)].map(([, tag, id]) => [id, new Element(tag)]));
const state = { answers: JSON.parse(fs.readFileSync(answersFile, "utf8")), told: null, fault: "", tries: 0, wrong: [] };
state.answers["/status"].problems = [{ problem: "fenced", rank: 2, age_ms: 5, since_ms: 5, evidence: "e", command: "c" }];
const key = (path) => path.startsWith("/activity?step") ? "/points" : path.split("?")[0];
const context = vm.createContext({
  document: { getElementById: (id) => elements.get(id), createElement: (tag) => new Element(tag), createElementNS: (ns, tag) => new Element(tag),
    querySelectorAll: () => [], querySelector: () => new Element("input"), body: new Element("body"), activeElement: null, hidden: false },
  console: { error: (error) => { state.fault = String(error.stack ?? error); } },
  fetch: async (path) => ({ ok: true, json: async () => state.told[key(path)] }),
  AbortSignal: { timeout: () => null }, addEventListener() {}, setTimeout() {}, setInterval() {}, clearTimeout() {}, getSelection: () => ({ isCollapsed: true }),
  location: { host: "x" }, navigator: {}, state,
});

const test = `
const others = [undefined, null, -1e308, "x", [null, 7], { toString: 1, length: -1 }, 1e999];
Date.prototype.toLocaleTimeString = Date.prototype.toLocaleString = () => "12:00"; // which takes its time
// The first of a list stands for the others.
function* places(value, path = []) {
  if (path.length) yield path;
  if (Array.isArray(value) && value.length) yield* places(value[0], [...path, 0]);
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    for (const name of Object.keys(value)) yield* places(value[name], [...path, name]);
}
const changed = (value, [name, ...path], to) => {
  const made = Array.isArray(value) ? value.slice() : { ...value };
  if (path.length) made[name] = changed(value[name], path, to);
  else if (to === undefined) delete made[name];
  else made[name] = to;
  return made;
};
async function look(what) {
  state.fault = reason = "";
  activeAsked = eventsAsked = drawn = 0;
  events.rows = [];
  delete at("deadlocks").dataset.newest;
  await refresh();
  try {
    chartsDraw();
    activityDraw();
  } catch (error) {
    state.fault = String(error.stack);
  }
  state.tries++;
  if (state.fault || reason || senseless.size) state.wrong.push(what + ": " + (state.fault || reason));
}
(async () => {
  const answers = state.answers;
  at("holders-all").open = true;
  chosen = answers["/processlist"].rows[0].id;
  for (const cluster of [false, true]) {
    state.told = answers;
    if (cluster) {
      Object.assign(answers["/status"], { cluster: true, store: "etcd:x", servers: [{ server: "a", answered: true, problems: 0, sessions: 5 }] });
      for (const path of ["/processlist", "/trx", "/locks", "/holders", "/events"])
        for (const row of answers[path].rows) row.server = "a";
      answers["/locks"].deadlocks[0].server = answers["/minimum"].holder.server = "a";
    }
    await look("nothing is changed");
    for (const path in answers) {
      for (const place of places(answers[path]))
        for (const to of others) {
          state.told = { ...answers, [path]: changed(answers[path], place, to) };
          chosen = answers["/processlist"].rows[0].id;
          await look(path + " " + place.join(".") + " is " + (to === undefined ? "not there" : JSON.stringify(to)));
        }
      state.told = answers;
      await look("all is there again");
    }
  }
})()`;
vm.runInContext(script + test, context).then(() => {
  console.log(state.tries + " tries, " + state.wrong.length + " wrong");
  for (const one of state.wrong.slice(0, 20)) console.log(one);
  process.exitCode = state.wrong.length || state.tries < 1000 ? 1 : 0;
}, (error) => { console.log("the page does not run: " + error.stack); process.exitCode = 1; });
