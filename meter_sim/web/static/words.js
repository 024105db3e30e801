// The words of the page in the language that was chosen.

import { ask } from "./api.js";

let words = null;

export async function speak(language) {
  words = await ask("GET", `/words/${language}`);
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-w]")) element.textContent = page(element.dataset.w);
  document.title = page("title");
  document.getElementById("draft").hidden = !words.draft;
}

export const page = (name, values = {}) => filled(words.page[name] ?? name, values);
export const of = (part, name, values = {}) => filled(words[part][name] ?? "", values);
export const lesson = (name) => words.lessons[name];

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
