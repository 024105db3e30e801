// Puts the page together: asks the server for the session again and again, and lets every part show it.

import { about, ask, fetched } from "./api.js";
import * as clock from "./clock.js";
import * as counter from "./counter.js";
import { at, follow, make } from "./dom.js";
import * as lesson from "./lesson.js";
import * as meter from "./meter.js";
import * as printing from "./printing.js";
import * as saved from "./saved.js";
import * as why from "./why.js";
import * as words from "./words.js";

const EVERY = 1000;
const MOST_KEYS = 40;
const NOT_FOUND = 404;
const NOT_NOW = 409;
let session = null;
let chosen = "";
let troubled = false;
let noted = "";
let held = "";
let ahead = "";
let waiting = Promise.resolve();
let scenarios = [];

// One request after the other, so that keys arrive in their order.
function inTurn(work) {
  waiting = waiting
    .then(() => (noted = ""))
    .then(work)
    .then(() => tell(noted), (fault) => tell(...lineOf(fault)));
  return waiting;
}

// A fault of the clock's own asking, which goes away with the next answer.
function trouble(fault) {
  if (fault) tell(...lineOf(fault));
  else if (troubled) tell(noted);
  troubled = fault !== null;
}

const lineOf = (fault) => (fault.status === 0 ? [words.page("no_server")] : [fault.message, "en"]);

function tell(line, language = null) {
  at("told").hidden = !line;
  follow(at("told"), [line, language], () => at("told").replaceChildren(make("span", { lang: language, text: line })));
}

// A line that stays until something is done.
const note = (line) => tell((noted = line));

const current = () => session.meters.find((one) => one.pan === chosen) ?? session.meters[0];
const path = (rest) => `/meters/${current().pan}/${rest}`;

// What the server says of the session; another one than before leaves nothing of the old.
function take(told) {
  const other = told.session !== session?.session;
  if (!other) watchTyped(told);
  const slips = session?.slips.length ?? 0;
  const step = session?.lesson?.current;
  session = told;
  if (other) {
    about(told.session);
    chosen = told.meters[0].pan;
    counter.reset();
    printing.clear();
    at("blocked").hidden = true;
    if (told.saved && !saved.knows(told.session)) saved.note(told);
  }
  if (other || told.slips.length !== slips || told.lesson?.current !== step) held = "";
  show();
}

function watchTyped(told) {
  const [before, after] = [current(), told.meters.find((one) => one.pan === current().pan)];
  if (after && meter.loses(before, after, "") && told.entry?.at === session.entry?.at) meter.hasForgotten(after.pan);
}

async function begin(wanted, name) {
  take(await ask("POST", "/sessions", wanted, name));
}

async function refresh() {
  try {
    take(await ask("GET", "/session"));
  } catch (fault) {
    if (fault.status === NOT_FOUND && session) await anew();
    else if (fault.status === NOT_NOW) block(fault.message);
    else throw fault;
  }
}

// The session is gone: another one of the same scenario, if the server still has it.
async function anew() {
  const known = await ask("GET", "/scenarios");
  saved.forget(session.session);
  const { scenario } = session;
  await begin(known.some((one) => one.name === scenario) ? { scenario } : {});
  note(words.page("gone"));
}

// The session is kept but cannot be taken up, so nothing else is put in its place unasked.
function block(line) {
  session = null;
  at("blocked-line").textContent = line;
  at("blocked").hidden = false;
  saved.show("");
}

async function takeUp(name) {
  try {
    await ask("GET", "/session", undefined, name);
  } catch (fault) {
    if (fault.status !== NOT_FOUND) throw fault;
    saved.forget(name);
    saved.show(session?.session);
    note(words.page("saved_gone"));
    return;
  }
  await begin({ keep: true }, name);
}

async function save() {
  if (!session) return;
  await ask("POST", "/session/save");
  saved.note(session);
  await refresh();
}

async function toFile() {
  if (!session) return;
  const { name, content } = await fetched("/session/file");
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function fromFile() {
  const [kept] = at("from-file").files;
  if (!kept) return;
  at("from-file").value = "";
  take(await ask("POST", "/sessions/from-file", await kept.text()));
}

function show() {
  const now = current();
  const step = lesson.stepOf(session.lesson);
  follow(at("scenario"), session.session, () => (at("scenario").value = session.scenario));
  at("save").textContent = words.page(session.saved ? "saved" : "save");
  saved.show(session.session);
  follow(at("tabs"), [session.session, session.meters.map((one) => one.name)], tabs);
  for (const tab of at("tabs").children) tab.setAttribute("aria-pressed", tab.dataset.pan === now.pan);
  clock.show(session.clock);
  meter.show(now, session.clock);
  const inHand = counter.hand(session, now, step, held);
  counter.show(session, now, step, inHand, printing.slip, pick);
  lesson.show(session);
  why.show(session.entry);
  follow(at("log"), session.log, () => at("log").replaceChildren(...session.log.toReversed().map(row)));
}

function pick(name) {
  held = name;
  show();
  at("keypad").focus({ preventScroll: true });
  at("hand").scrollIntoView({ block: "nearest" });
}

function row({ at: time, meter: name, event, text }) {
  const said = make("span", {}, `${name}, ${words.event(event)}`, ...(text ? [": ", make("span", { lang: "en", text })] : []));
  return make("li", {}, make("time", { text: time }), said);
}

function tabs() {
  at("tabs").hidden = session.meters.length < 2;
  const choose = (pan) => {
    chosen = pan;
    show();
  };
  at("tabs").replaceChildren(
    ...session.meters.map(({ pan, name }) => make("button", { type: "button", "data-pan": pan, text: name, onclick: () => choose(pan) })),
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
    if (!session) return;
    const now = sent.slice(0, MOST_KEYS);
    const before = current();
    const told = await ask("POST", path("keys"), { keys: now });
    if (!told.entries.length && meter.loses(before, told.meter, now)) meter.hasForgotten(before.pan);
    session = { ...session, meters: session.meters.map((one) => (one.pan === told.meter.pan ? told.meter : one)) };
    show();
    if (told.entries.length) await refresh();
    if (sent.length > MOST_KEYS) press(sent.slice(MOST_KEYS));
  });
}

// A fault is told where the counter was asked, and the focus goes back to where it came from.
function counterAsks(what, body, from) {
  counter.clear();
  return inTurn(async () => {
    if (!session) return;
    try {
      counter.answered(await ask("POST", path(what), body));
    } catch (fault) {
      if (fault.status === 0) throw fault;
      counter.failed(fault.message);
      if (document.activeElement === at("keypad")) from?.focus();
    }
    await refresh();
  });
}

// Asks for something, then for the session as it is after it.
const act = (what, body) => inTurn(async () => {
  if (!session) return;
  await ask("POST", what(), body?.());
  await refresh();
});

function names() {
  for (const part of [meter, counter, lesson, why, saved]) part.name();
  at("log").dataset.said = "";
  const before = at("scenario").value;
  at("scenario").replaceChildren(
    ...scenarios.map((one) => make("option", { value: one.name, text: words.scenario(one.name, one.title) })),
  );
  if (before) at("scenario").value = before;
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

async function open() {
  try {
    await begin({ keep: true });
  } catch (fault) {
    if (fault.status === NOT_FOUND) {
      await begin({});
      note(words.page("gone"));
    } else if (fault.status === NOT_NOW) block(fault.message);
    else throw fault;
  }
}

async function tick() {
  if (!document.hidden && at("blocked").hidden) {
    waiting = waiting.then(() => (session ? refresh() : open())).then(() => trouble(null), trouble);
    await waiting;
  }
  setTimeout(tick, EVERY);
}

async function start() {
  meter.build(press);
  printing.build();
  clock.build((wanted) => act(() => "/session/clock", () => wanted));
  counter.build(counterAsks);
  lesson.build(
    (what) => act(() => "/session/lesson", () => ({ do: what })),
    (to) => act(() => "/session/clock", () => ({ jump_to: to })),
  );
  saved.build((name) => inTurn(() => takeUp(name)));
  const on = (id, event, work) => at(id).addEventListener(event, work);
  on("power", "click", () => act(() => path("supply"), () => ({ on: !current().powered })));
  on("tamper", "click", () => act(() => path("tampering")));
  on("begin", "click", () => inTurn(() => begin({ scenario: at("scenario").value })));
  on("restart", "click", () => inTurn(() => begin({ scenario: session?.scenario ?? at("scenario").value })));
  on("anew", "click", () => inTurn(() => begin({})));
  on("save", "click", () => inTurn(save));
  on("file", "click", () => inTurn(toFile));
  on("from-file", "change", () => inTurn(fromFile));
  on("print-card", "click", () => session && printing.card(session));
  on("print-result", "click", () => session && printing.result(session));
  on("language", "change", () => inTurn(() => language(at("language").value)));
  scenarios = await ask("GET", "/scenarios");
  at("language").value = remembered();
  await language(at("language").value);
  await inTurn(open);
  tick();
}

start();
