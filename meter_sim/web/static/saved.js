// The sessions that were saved from this browser, so that they are found again.

import { at, follow, make } from "./dom.js";
import * as words from "./words.js";

const KEPT = "saved sessions";
const MOST = 20;

function kept() {
  try {
    const list = JSON.parse(localStorage.getItem(KEPT)) ?? [];
    return Array.isArray(list) ? list.filter((one) => typeof one?.session === "string") : [];
  } catch {
    return []; // a browser that keeps nothing
  }
}

function keep(list) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(list.slice(0, MOST)));
  } catch {
    // a browser that keeps nothing
  }
}

export const knows = (session) => kept().some((one) => one.session === session);
export const forget = (session) => keep(kept().filter((one) => one.session !== session));

export function note({ session, scenario, name }) {
  keep([{ session, scenario, title: name, at: new Date().toISOString() }, ...kept().filter((one) => one.session !== session)]);
}

export function build(takeUp) {
  at("take-up").addEventListener("click", () => takeUp(at("saved").value));
}

export function name() {
  at("saved").dataset.said = "";
}

// Offers all but the session that is open.
export function show(open) {
  const others = kept().filter((one) => one.session !== open);
  at("saved-place").hidden = others.length === 0;
  follow(at("saved"), others, () => at("saved").replaceChildren(...others.map(optionOf)));
}

function optionOf({ session, scenario, title, at: time }) {
  const { lang } = document.documentElement;
  const place = navigator.languages.find((one) => one.startsWith(lang)) ?? lang;
  const when = new Date(time).toLocaleString(place, { dateStyle: "medium", timeStyle: "short" });
  return make("option", { value: session, text: `${words.scenario(scenario, title)}, ${when}` });
}
