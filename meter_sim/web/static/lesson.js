// A lesson: what to do now, what the meter should answer, what happened instead and why, and the score.

import { othersOf, placeOf } from "./counter.js";
import { at, follow, make } from "./dom.js";
import { meaning } from "./why.js";
import * as words from "./words.js";

const LEARNT = ["right", "corrected", "before"];

export function build(act, jump) {
  at("look").addEventListener("click", () => act("look").then(settle));
  at("skip").addEventListener("click", () => act("skip").then(settle));
  at("due").addEventListener("click", () => {
    if (at("due").getAttribute("aria-disabled") !== "true") jump(Number(at("due").dataset.to)).then(settle);
  });
}

// A button that is gone leaves the focus with what comes next.
function settle() {
  if (document.activeElement === document.body || document.activeElement?.hidden) at("step").focus();
}

export function name() {
  for (const part of ["dots", "step", "tries"]) at(part).dataset.said = "";
}

export const stepOf = (lesson) => lesson?.steps[lesson.current - 1];

export function show(session) {
  const lesson = session.lesson;
  at("lesson").hidden = lesson === null;
  document.querySelector("main").classList.toggle("with-lesson", lesson !== null);
  if (lesson === null) return;
  const said = words.lesson(session.scenario, session.name);
  at("lesson-title").textContent = said?.title ?? session.name;
  at("lesson-about").textContent = said?.about ?? "";
  follow(at("dots"), lesson.steps.map((step) => step.outcome).concat(lesson.current), () => {
    at("dots").replaceChildren(...lesson.steps.map((step) => dot(step, lesson.current)));
  });
  const step = stepOf(lesson);
  const place = step ? placeOf(session, step.token) : "";
  const passed = passedSince(lesson);
  const again = passed.map((one) => againOf(session, one));
  follow(at("step"), [session.session, step, place, passed, again, lesson.points], () => {
    const behindIt = passed.map((one, number) => behind(session, one, said, again[number]));
    at("step").replaceChildren(...behindIt, ...(step ? now(session, step, place, said) : end(lesson)));
  });
  follow(at("tries"), [session.session, step?.number, lesson.tries], () => at("tries").replaceChildren(...lesson.tries.map((one) => make("p", { class: "try" }, ...explained(session, one, step)))));
  due(session, lesson, step);
  at("look").hidden = step?.do !== "look";
  at("skip").hidden = !step;
  at("print-result").hidden = Boolean(step);
}

// The clock is not put on while it would take something away from a meter.
function due(session, lesson, step) {
  const not = lesson.due ? "" : whyNotNow(session.meters);
  at("due").hidden = lesson.due;
  at("due").setAttribute("aria-disabled", not !== ""); // it keeps the focus, from which digits are typed
  at("due").dataset.to = step?.at ?? "";
  at("due").textContent = step ? words.page("go_to", { time: step.at_text.slice(0, 16) }) : "";
  at("due-not").textContent = not ? words.page(not) : "";
}

function whyNotNow(meters) {
  if (meters.some((one) => one.pending_sections.length)) return "due_pending";
  if (meters.some((one) => one.typed)) return "due_typed";
  return meters.some((one) => one.face.caption === "answer" && !one.locked_for) ? "due_answer" : "";
}

// The steps that the latest doing took behind the learner: one, and those that were done before they came.
function passedSince(lesson) {
  const count = (lesson.current || lesson.steps.length + 1) - 1;
  let first = count - 1;
  while (first > 0 && lesson.steps[first].outcome === "before") first -= 1;
  return lesson.steps.slice(Math.max(first, 0), count);
}

function dot(step, current) {
  const label = step.outcome ? words.of("outcomes", step.outcome) : words.page("to_do");
  return make("li", { class: step.outcome, title: label, "aria-current": step.number === current ? "step" : null, "aria-label": `${step.number}: ${label}`, text: step.number });
}

// What a step asks for; where there are several meters it says at which.
export function instruction(session, step, said) {
  const asked = step.do === "order" ? words.order(step.asked) : step.asked;
  const text = said?.steps[step.number - 1]?.do ?? words.of("steps", step.do, { asked, meter: step.meter });
  return session.meters.length > 1 && !text.includes(step.meter) ? `${step.meter}: ${text}` : text;
}

function now(session, step, place, said) {
  const shown = step.result && step.do === "enter" ? words.page("should_answer", { shows: step.shows, result: step.result }) : "";
  return [
    make("p", { class: "step-do", text: `${step.number}. ${instruction(session, step, said)}` }),
    ...(place || step.digits ? [make("p", { class: "step-token", text: words.page("key_in", { token: place || step.digits }) })] : []),
    ...(shown ? [make("p", { class: "about", text: shown })] : []),
  ];
}

function behind(session, step, said, again) {
  const last = step.tries.at(-1);
  const parts = [make("strong", { text: `${step.number}. ${words.of("outcomes", step.outcome)}. ` })];
  if (step.outcome === "otherwise" && last) parts.push(...explained(session, last, step));
  if (LEARNT.includes(step.outcome)) parts.push(said?.steps[step.number - 1]?.learn ?? "");
  if (again.length) parts.push(` ${words.page("again_sections", { tokens: again.map((name) => placeOf(session, name)).join("; ") })}`);
  return make("p", { class: `learn ${step.outcome}` }, ...parts);
}

// The sections to key in again where one was taken that should have been the last.
function againOf(session, step) {
  const last = step.tries.at(-1);
  const waits = session.meters.find((one) => one.name === step.meter)?.pending_sections.length;
  const lost = step.outcome === "otherwise" && step.result === "Accept" && /KCT$/.test(last?.result ?? "");
  return lost && waits ? othersOf(session, last.what) : [];
}

function explained(session, tried, step) {
  const entered = tried.kind === "entered";
  const values = {
    what: whatOf(session, tried),
    result: tried.result,
    expected: tried.fault === "display" ? step.shows : step.result || (entered ? "Accept" : "Issued"),
    shown: tried.shown,
    state: stateOf(tried.state),
    meter: tried.meter,
    wanted: step.meter,
  };
  const parts = [words.of("faults", tried.fault, values)];
  if (tried.fault !== "display" && tried.fault !== "state") {
    const digits = tried.what.replaceAll(" ", "");
    parts.push(entered ? meaning(tried.result, tried.token_class, tried.check, digits) : words.of("refusals", tried.result));
  }
  const said = parts.filter(Boolean).join(" ");
  return tried.reason ? [`${said} (`, words.reason(tried.reason), ")"] : [said];
}

function whatOf(session, tried) {
  const what = tried.kind === "entered" ? placeOf(session, tried.what) || tried.what : words.order(tried.what);
  const kind = words.of("kinds", tried.kind);
  if (!what) return kind;
  return tried.fault === "another thing" ? `${kind}, ${what}` : what;
}

// "key_revision: expected 1, got 2" in words.
function stateOf(state) {
  const value = (text) => words.of("states", text) || text;
  return state.split("; ").map((part) => {
    const found = /^(\w+): expected (.*), got (.*)$/.exec(part);
    if (!found) return part;
    const [, name, wanted, got] = found;
    return words.page("state_is", { name: words.of("states", name) || name, wanted: value(wanted), got: value(got) });
  }).join("; ");
}

function end(lesson) {
  return [make("p", { class: "step-do", text: words.page("score", { points: lesson.points, most: lesson.most_points }) }), make("p", { class: "about", text: words.page("finished") })];
}
