// The meter's face and its keys.

import { at, follow, make } from "./dom.js";
import { draw } from "./segments.js";
import * as words from "./words.js";

const PULSES = 1000; // flashes of the rate LED for a kWh
const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "<", "0", "="];
const CLEAR = matchMedia("(prefers-reduced-motion: reduce)");
const LEAST_PAUSE = 340; // milliseconds between flashes: not three in a second
const TOLD_FOR = 8000;

let power = 0;
let speed = 1;
let forgot = { pan: "", until: 0 };

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

// Says for a while that a meter has forgotten what was typed.
export function hasForgotten(pan) {
  forgot = { pan, until: Date.now() + TOLD_FOR };
}

// Whether digits were forgotten, from a meter before and after some keys that completed no entry.
export function loses(before, after, keys) {
  let typed = before.typed;
  for (const key of keys) {
    if (key === "=" && typed) return after.powered;
    typed = key === "<" ? typed.slice(0, -1) : key === "=" ? "" : typed + key;
  }
  return after.powered && before.typed !== "" && after.typed !== typed && after.typed.length <= keys.length;
}

export function show(meter, clock) {
  power = meter.power;
  speed = clock.speed;
  const face = meter.face;
  follow(at("segments"), [face.text, face.caption], () => draw(at("segments"), face.text, face.caption === "typed"));
  const caption = words.of("captions", face.caption);
  at("caption").textContent = face.caption === "typed" ? words.page("typed", { count: meter.typed.length }) : caption;
  at("unit").textContent = face.unit;
  const meaning = meaningOf(meter);
  at("meaning").textContent = meter.locked_for ? words.page("locked", { seconds: meter.locked_for }) : meaning;
  tell(meter, caption, meaning);
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

function meaningOf(meter) {
  if (meter.face.caption === "answer") return words.of("display", meter.face.text);
  if (!meter.powered) return words.page("no_power");
  if (forgot.pan === meter.pan && Date.now() < forgot.until && !meter.typed) return words.page("forgotten");
  const open = meter.switch === "open";
  if (meter.tampered) return words.page(open ? "tampered_off" : "tampered");
  if (open) return words.page("no_credit");
  return meter.power_limit !== null && meter.power >= meter.power_limit ? words.page("limit_binds", { watts: meter.power_limit }) : "";
}

// What is read out: digits and answers as they come, and the rest when the display turns to it, not at each change.
function tell(meter, caption, meaning) {
  const { caption: kind, text, unit } = meter.face;
  const typed = kind === "typed";
  const now = typed || kind === "answer" ? text : "";
  follow(at("heard"), [meter.pan, kind, now, meaning, document.documentElement.lang], () => {
    const rest = [caption, text, unit, meaning].filter(Boolean).join(" ");
    at("heard").textContent = typed ? words.page("typed_heard", { count: text.length, digit: text.at(-1) }) : rest;
  });
}

// The rate LED flashes with what runs through the meter, faster as the clock is faster.
function blink() {
  const led = at("rate");
  const pause = power && speed ? Math.max(3_600_000_000 / PULSES / power / speed, LEAST_PAUSE) : 0;
  if (pause && !CLEAR.matches) {
    led.classList.add("lit");
    setTimeout(() => led.classList.remove("lit"), 80);
  }
  setTimeout(blink, pause ? Math.min(pause, 5000) : 500);
}
