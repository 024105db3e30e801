// Puts the page together: asks the server for the session again and again, and lets every part show it.

import { ask } from "./api.js";
import * as clock from "./clock.js";
import * as counter from "./counter.js";
import { at, follow, make } from "./dom.js";
import * as lesson from "./lesson.js";
import * as meter from "./meter.js";
import * as printing from "./printing.js";
import * as why from "./why.js";
import * as words from "./words.js";

const EVERY = 1000;
const MOST_KEYS = 40;
let session = null;
let chosen = "";
let troubled = "";
let held = "";
let ahead = "";
let waiting = Promise.resolve();
let scenarios = [];

// One request after the other, so that keys arrive in their order.
function inTurn(work) {
  waiting = waiting.then(work).then(() => tell(""), (fault) => tell(fault.message));
  return waiting;
}

// A fault of the clock's own asking, which goes away with the next answer.
function trouble(line) {
  if (line) tell((troubled = line));
  else if (troubled) tell((troubled = ""));
}

function tell(line) {
  at("told").hidden = !line;
  follow(at("told"), line, () => (at("told").textContent = line));
}

const current = () => session.meters.find((one) => one.pan === chosen) ?? session.meters[0];
const path = (rest) => `/meters/${current().pan}/${rest}`;

async function begin(wanted) {
  session = await ask("POST", "/sessions", wanted);
  chosen = session.meters[0].pan;
  at("refused").textContent = "";
  show();
}

async function refresh() {
  session = await ask("GET", "/session");
  show();
}

function show() {
  const now = current();
  at("scenario").value = session.scenario;
  at("save").textContent = words.page(session.saved ? "saved" : "save");
  follow(at("tabs"), [session.meters.map((one) => one.name), now.pan], tabs);
  clock.show(session.clock);
  meter.show(now, session.clock);
  const wanted = lesson.wanted(session.lesson);
  const inHand = counter.hand(session, now, wanted || held);
  counter.show(session, now, inHand, printing.slip, (name) => {
    held = name;
    show();
    at("hand").scrollIntoView({ block: "nearest" });
  });
  lesson.show(session);
  why.show(session.entry);
  follow(at("log"), session.log, () => {
    const rows = session.log.toReversed().map((row) => make("li", {}, make("time", { text: row.at }), make("span", { text: `${row.meter}, ${row.event}${row.text ? `: ${row.text}` : ""}` })));
    at("log").replaceChildren(...rows);
  });
}

function tabs() {
  at("tabs").hidden = session.meters.length < 2;
  at("tabs").replaceChildren(
    ...session.meters.map((one) =>
      make("button", { type: "button", "aria-pressed": String(one.pan === current().pan), text: one.name, onclick: () => { chosen = one.pan; show(); } }),
    ),
  );
}

// Keys that are pressed while the server still answers go together with the next request.
function press(keys) {
  if (!session) return;
  ahead += keys;
  if (ahead !== keys) return;
  inTurn(async () => {
    const sent = ahead;
    ahead = "";
    const told = await ask("POST", path("keys"), { keys: sent.slice(0, MOST_KEYS) });
    session = { ...session, meters: session.meters.map((one) => (one.pan === told.meter.pan ? told.meter : one)) };
    show();
    if (told.entries.length) await refresh();
    if (sent.length > MOST_KEYS) press(sent.slice(MOST_KEYS));
  });
}

async function counterAsks(what, body) {
  await inTurn(async () => {
    counter.answered(await ask("POST", path(what), body));
    await refresh();
  });
}

async function restart(scenario) {
  await inTurn(() => begin({ scenario }));
}

function names() {
  meter.name();
  counter.name();
  lesson.name();
  why.name();
  at("log").dataset.said = "";
  at("scenario").replaceChildren(
    ...scenarios.map((one) => make("option", { value: one.name, text: words.lesson(one.name)?.title ?? one.title })),
  );
}

async function language(code) {
  await words.speak(code);
  names();
  try {
    localStorage.setItem("language", code);
  } catch {
    // a browser that keeps nothing
  }
  if (session) show();
}

function remembered() {
  const known = [...at("language").options].map((option) => option.value);
  let code = navigator.language.slice(0, 2);
  try {
    code = localStorage.getItem("language") ?? code;
  } catch {
    // a browser that keeps nothing
  }
  return known.includes(code) ? code : "en";
}

async function tick() {
  if (!document.hidden && session) {
    waiting = waiting.then(refresh).then(() => trouble(""), (fault) => trouble(fault.message));
    await waiting;
  }
  setTimeout(tick, EVERY);
}

async function start() {
  meter.build(press);
  clock.build((wanted) => inTurn(async () => { await ask("POST", "/session/clock", wanted); await refresh(); }));
  counter.build(counterAsks);
  lesson.build(
    (what) => inTurn(async () => { await ask("POST", "/session/lesson", { do: what }); await refresh(); }),
    (to) => inTurn(async () => { await ask("POST", "/session/clock", { jump_to: to }); await refresh(); }),
  );
  at("power").addEventListener("click", () => inTurn(async () => { await ask("POST", path("supply"), { on: !current().powered }); await refresh(); }));
  at("tamper").addEventListener("click", () => inTurn(async () => { await ask("POST", path("tampering")); await refresh(); }));
  at("scenario").addEventListener("change", () => restart(at("scenario").value));
  at("restart").addEventListener("click", () => restart(session.scenario));
  at("save").addEventListener("click", () => inTurn(async () => { await ask("POST", "/session/save"); await refresh(); }));
  at("print-card").addEventListener("click", () => printing.card(session));
  at("print-result").addEventListener("click", () => printing.result(session));
  at("language").addEventListener("change", () => inTurn(() => language(at("language").value)));
  at("from-file").addEventListener("change", () => inTurn(async () => {
    const [kept] = at("from-file").files;
    if (!kept) return;
    at("from-file").value = "";
    session = await ask("POST", "/sessions/from-file", await kept.text());
    chosen = session.meters[0].pan;
    show();
  }));
  scenarios = await ask("GET", "/scenarios");
  at("language").value = remembered();
  await language(at("language").value);
  await inTurn(() => begin({ keep: true }));
  tick();
}

start();
