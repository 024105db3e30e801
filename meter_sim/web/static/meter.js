// The meter's face and its keys.

import { at, follow, make } from "./dom.js";
import { draw } from "./segments.js";
import * as words from "./words.js";

const PULSES = 1000; // flashes of the rate LED for a kWh
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "<", "0", "="];
const CLEAR = matchMedia("(prefers-reduced-motion: reduce)");

let power = 0;
let speed = 1;

export function build(press) {
  for (const key of KEYS) {
    const button = make("button", { type: "button", "data-key": key, onclick: () => press(key) });
    if (key === "<") button.textContent = "⌫";
    else if (key === "=") {
      button.className = "blue";
      button.textContent = "⏎";
    } else button.textContent = key;
    at("keypad").append(button);
  }
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, select, textarea");
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.closest("button, a, label");
    const key = { Backspace: "<", Enter: onButton ? "" : "=" }[event.key] ?? (/^[0-9]$/.test(event.key) ? event.key : "");
    if (!key) return;
    event.preventDefault();
    flash(key);
    press(key);
  });
  document.addEventListener("paste", (event) => {
    if (event.target.closest?.("input, select, textarea")) return;
    const digits = (event.clipboardData?.getData("text") ?? "").replace(/[\s-]/g, "");
    if (!/^[0-9]{1,20}$/.test(digits)) return;
    event.preventDefault();
    press(digits);
  });
  blink();
}

function flash(key) {
  const button = at("keypad").querySelector(`[data-key="${key}"]`);
  button.classList.add("down");
  setTimeout(() => button.classList.remove("down"), 120);
}

export function name() {
  for (const button of at("keypad").children) {
    const key = button.dataset.key;
    button.setAttribute("aria-label", key === "<" ? words.page("backspace") : key === "=" ? words.page("display_key") : key);
  }
}

export function show(meter, clock) {
  power = meter.power;
  speed = clock.speed;
  const face = meter.face;
  follow(at("segments"), [face.text, face.caption], () => draw(at("segments"), face.text, face.caption === "typed"));
  const caption = words.of("captions", face.caption);
  at("caption").textContent = face.caption === "typed" ? words.page("typed", { count: meter.typed.length }) : caption;
  at("unit").textContent = face.unit;
  const meaning = face.caption === "answer" ? words.of("display", face.text) : meter.powered ? "" : words.page("no_power");
  at("meaning").textContent = meter.locked_for ? words.page("locked", { seconds: meter.locked_for }) : meaning;
  const heard = [face.caption === "typed" ? at("caption").textContent : caption, face.text, face.unit, meaning].filter(Boolean).join(" ");
  follow(at("heard"), heard, () => (at("heard").textContent = heard));
  at("watts").textContent = `${meter.power} W`;
  const closed = meter.switch === "closed";
  at("switch").className = closed ? "switch closed" : "switch";
  at("switch-said").textContent = words.page(closed ? "supply_on" : "supply_off");
  at("meter").className = meter.powered ? "meter" : "meter dark";
  at("plate-number").textContent = meter.drn;
  at("plate-sgc").textContent = meter.supply_group;
  at("plate-ti").textContent = meter.tariff_index;
  at("plate-ea").textContent = meter.encryption.slice(2);
  at("power").textContent = words.page(meter.powered ? "cut_power" : "restore_power");
  at("tamper").disabled = meter.tampered;
}

// The rate LED flashes with what runs through the meter, faster as the clock is faster.
function blink() {
  const led = at("rate");
  const pause = power && speed ? Math.max(3_600_000_000 / PULSES / power / speed, 160) : 0;
  if (pause && !CLEAR.matches) {
    led.classList.add("lit");
    setTimeout(() => led.classList.remove("lit"), 80);
  }
  setTimeout(blink, pause ? Math.min(pause, 5000) : 500);
}
