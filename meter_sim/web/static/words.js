// The words of the page in the language that was chosen.

import { ask } from "./api.js";
import { make } from "./dom.js";

let words = null;
let english = null;
let sentences = [];

export async function speak(language) {
  const said = await ask("GET", `/words/${language}`);
  english ??= language === "en" ? said : await ask("GET", "/words/en");
  words = said;
  sentences = Object.entries(english.reasons).map(([name, text]) => [name, patternOf(text)]);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-w]")) element.textContent = page(element.dataset.w);
  document.title = page("title");
  document.getElementById("draft").hidden = !words.draft;
}

export const page = (name, values = {}) => filled(words.page[name] ?? name, values);
export const of = (part, name, values = {}) => filled(words[part][name] ?? "", values);
export const field = (name) => words.fields[name] ?? name;
export const event = (name) => words.events[name] ?? name;

// A shipped lesson's own words; a scenario of the same name that is another one has none.
export const lesson = (name, title) => (english.lessons[name]?.title === title ? words.lessons[name] : undefined);

export function scenario(name, title) {
  const free = title === english.page.free_practice ? page("free_practice") : title;
  return lesson(name, title)?.title ?? free;
}

// What a slip is for: "Test: power now"; an amount or a key revision stands for itself.
export function order(text) {
  const [name, value] = text.split(" ");
  if (text in words.orders) return words.orders[text];
  return name in words.orders && /^\d+$/.test(value) ? filled(words.orders[name], { value }) : text;
}

// A sentence of decoder or counter; what has no words in this language stays English and says so.
export function reason(text) {
  const parts = text.split("; ").map(translated);
  if (parts.includes(null)) return make("span", { lang: /[a-z]{3}/i.test(text) ? "en" : null, text });
  return make("span", { text: parts.join("; ") });
}

function translated(text) {
  for (const [name, pattern] of sentences) {
    const found = pattern.exec(text);
    if (found) return filled(words.reasons[name], found.groups ?? {});
  }
  return null;
}

function patternOf(text) {
  const plain = text.replace(/[.*+?^$|()[\]\\]/g, "\\$&");
  return new RegExp(`^${plain.replace(/\{(\w+)\}/g, "(?<$1>.+?)")}$`);
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
