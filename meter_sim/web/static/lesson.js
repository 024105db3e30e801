// A lesson: what to do now, what the meter should answer, what happened instead and why, and the score.

import { placeOf } from "./counter.js";
import { at, follow, make } from "./dom.js";
import * as words from "./words.js";

export function build(act, jump) {
  at("look").addEventListener("click", () => act("look"));
  at("skip").addEventListener("click", () => act("skip"));
  at("due").addEventListener("click", () => jump(Number(at("due").dataset.to)));
}

export function name() {
  for (const part of ["dots", "step", "tries"]) at(part).dataset.said = "";
}

// The token of a slip that is to be keyed in now, or nothing.
export const wanted = (lesson) => lesson?.steps[lesson.current - 1]?.token ?? "";

export function show(session) {
  const lesson = session.lesson;
  at("lesson").hidden = lesson === null;
  document.querySelector("main").classList.toggle("with-lesson", lesson !== null);
  if (lesson === null) return;
  const said = words.lesson(session.scenario);
  at("lesson-title").textContent = said?.title ?? session.name;
  at("lesson-about").textContent = said?.about ?? "";
  follow(at("dots"), lesson.steps.map((step) => step.outcome).concat(lesson.current), () => {
    at("dots").replaceChildren(...lesson.steps.map((step) => dot(step, lesson.current)));
  });
  const step = lesson.steps[lesson.current - 1];
  const place = step ? placeOf(session, step.token) : "";
  follow(at("step"), [step, place, lesson.current, lesson.points], () => {
    const before = lesson.steps[(lesson.current || lesson.steps.length + 1) - 2];
    at("step").replaceChildren(...(before ? [behind(before, said)] : []), ...(step ? now(step, place, said) : end(lesson)));
  });
  follow(at("tries"), lesson.tries, () => at("tries").replaceChildren(...lesson.tries.map((one) => tryOf(one, step))));
  at("due").hidden = lesson.due;
  at("due").dataset.to = step?.at ?? "";
  at("due").textContent = step ? words.page("go_to", { time: step.at_text.slice(0, 16) }) : "";
  at("look").hidden = step?.do !== "look";
  at("skip").hidden = !step;
  at("print-result").hidden = Boolean(step);
}

function dot(step, current) {
  const label = step.outcome ? words.of("outcomes", step.outcome) : words.page("to_do");
  return make("li", { class: step.outcome, "aria-current": step.number === current ? "step" : null, "aria-label": `${step.number}: ${label}`, text: step.number });
}

export const instruction = (step, said) => said?.steps[step.number - 1]?.do ?? words.of("steps", step.do, { asked: step.asked, meter: step.meter });

function now(step, place, said) {
  const shown = step.result && step.do === "enter" ? words.page("should_answer", { shows: step.shows, result: step.result }) : "";
  return [
    make("p", { class: "step-do", text: `${step.number}. ${instruction(step, said)}` }),
    ...(place || step.digits ? [make("p", { class: "step-token", text: words.page("key_in", { token: place || step.digits }) })] : []),
    ...(shown ? [make("p", { class: "about", text: shown })] : []),
  ];
}

function behind(step, said) {
  const learn = said?.steps[step.number - 1]?.learn ?? "";
  const last = step.tries.at(-1);
  const parts = [make("strong", { text: `${words.of("outcomes", step.outcome)}. ` })];
  if (step.outcome === "otherwise" && last) parts.push(`${explained(last, step)} `);
  parts.push(learn);
  return make("p", { class: "learn" }, ...parts);
}

function explained(tried, step) {
  const fault = words.of("faults", tried.fault, { what: tried.what || tried.kind, result: tried.result, expected: step?.result || "Accept", state: tried.state });
  const why = tried.kind === "entered" && tried.result ? words.of("results", tried.result) : words.of("refusals", tried.result);
  return [fault, why, tried.reason ? `(${tried.reason})` : ""].filter(Boolean).join(" ");
}

const tryOf = (tried, step) => make("p", { class: "try", text: explained(tried, step) });

function end(lesson) {
  return [make("p", { class: "step-do", text: words.page("score", { points: lesson.points, most: lesson.most_points }) }), make("p", { class: "about", text: words.page("finished") })];
}
