// What goes on paper: a slip, the pocket card of a lesson, its result.

import { labelOf } from "./counter.js";
import { at, grouped, make } from "./dom.js";
import { instruction } from "./lesson.js";
import * as words from "./words.js";

export function build() {
  window.addEventListener("afterprint", clear);
}

export const clear = () => put();

function put(...content) {
  at("paper").replaceChildren(...content);
  document.body.classList.toggle("has-paper", content.length > 0);
}

function paper(...content) {
  put(...content);
  window.print();
}

export function slip(kept) {
  const tokens = kept.tokens.flatMap((token, place) => [
    make("p", { text: `${place + 1}. ${labelOf(kept, token)}` }),
    make("p", { class: "mono", text: grouped(token.digits) }),
  ]);
  paper(
    make("h2", { text: `${words.page("slip")} ${kept.number}: ${words.order(kept.asked)}` }),
    make("p", { text: `${kept.at} · ${kept.pan}` }),
    ...tokens,
    make("p", { text: words.page("test_keys") }),
  );
}

export function card(session) {
  const said = words.lesson(session.scenario, session.name);
  const steps = session.lesson.steps.map((step) => {
    const shows = step.shows ? ` → ${step.shows}` : "";
    return make("li", { text: `${instruction(session, step, said)}${shows}` });
  });
  paper(make("div", { class: "pocket" }, make("h2", { text: said?.title ?? session.name }), make("ol", {}, ...steps)));
}

export function result(session) {
  const said = words.lesson(session.scenario, session.name);
  const lesson = session.lesson;
  const rows = lesson.steps.map((step) =>
    make("tr", {}, make("td", { text: step.number }), make("td", { text: instruction(session, step, said) }), make("td", { text: words.of("outcomes", step.outcome) }), make("td", { text: step.tries.map((one) => one.result).filter(Boolean).join(", ") })),
  );
  const head = ["", words.page("to_do"), words.page("outcome"), words.page("answers")].map((text) => make("th", { text }));
  paper(
    make("h1", { text: said?.title ?? session.name }),
    make("p", { text: words.page("score", { points: lesson.points, most: lesson.most_points }) }),
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
    make("p", { text: `${words.page("name")}: ______________________    ${words.page("date")}: ______________` }),
  );
}
