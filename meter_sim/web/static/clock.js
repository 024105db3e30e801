// The clock bar.

import { at, follow, make } from "./dom.js";
import * as words from "./words.js";

const SPEEDS = [[0, "paused"], [1, "real_time"], [60, "minute_a_second"], [3600, "hour_a_second"], [43200, "month_a_minute"]];

export function build(set) {
  const bar = at("speeds");
  for (const [speed, name] of SPEEDS) {
    bar.append(make("button", { type: "button", role: "radio", "data-speed": speed, "data-w": name, onclick: () => set({ speed }) }));
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...bar.children];
    const next = buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  for (const button of document.querySelectorAll("[data-jump]")) {
    button.addEventListener("click", () => set({ jump_by: Number(button.dataset.jump) }));
  }
  at("eve").addEventListener("click", () => set({ jump_to: Number(at("eve").dataset.to) }));
}

export function show(clock) {
  at("time").textContent = clock.text;
  at("time").dateTime = clock.text.replace(" ", "T");
  at("zone").textContent = clock.zone;
  for (const button of at("speeds").children) {
    const chosen = Number(button.dataset.speed) === clock.speed;
    button.setAttribute("aria-checked", chosen);
    button.tabIndex = chosen ? 0 : -1;
  }
  for (const button of document.querySelectorAll("[data-jump]")) {
    button.disabled = clock.now + Number(button.dataset.jump) > clock.end;
  }
  at("eve").hidden = clock.day_before_rollover === null;
  at("eve").dataset.to = clock.day_before_rollover ?? "";
  const told = clock.ended ? words.page("ended") : clock.held ? words.page("held") : "";
  follow(at("held"), told, () => (at("held").textContent = told));
}
