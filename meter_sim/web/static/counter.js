// The vending counter and its slips.

import { at, follow, grouped, make } from "./dom.js";
import * as words from "./words.js";

const ORDERS = [["test", 4, "key revision and key type"], ["test", 3, "total energy"], ["test", 9, "power"], ["test", 0, "everything"],
  ["clear_tamper", 0, "ClearTamperCondition 0"], ["power_limit", 500, "SetMaximumPowerLimit 500"], ["clear_credit", 65535, "ClearCredit 65535"]];

let said = null;

export function build(ask) {
  const submit = (form, what, body) =>
    at(form).addEventListener("submit", (event) => {
      event.preventDefault();
      const from = document.activeElement;
      at("keypad").focus({ preventScroll: true }); // what is typed next goes to the meter
      ask(what, body(), from);
    });
  submit("buy", "purchases", () => ({ amount: `${at("amount").value.trim().replace(",", ".")} ${at("amount-unit").textContent}` }));
  submit("change", "key-changes", () => ({ to: Number(at("to").value), with_purchase: at("with").value === "with" }));
  submit("order", "orders", () => {
    const [order, value] = at("kind").value.split(" ");
    return { order, value: Number(value) };
  });
}

export function name() {
  for (const part of ["slips", "kind"]) at(part).dataset.said = "";
  say(said);
}

// What a new session finds: empty forms, and nothing said.
export function reset() {
  for (const form of ["buy", "change", "order"]) at(form).reset();
  at("to").dataset.said = "";
  say(null);
}

function say(line) {
  said = line;
  at("refused").replaceChildren(...(line ? line() : []));
}

export function answered(told) {
  const issued = told.result === "Issued";
  at("refused").className = issued || told.result === "Waiting" ? "counter-said" : "counter-said refused";
  if (issued) say(() => [words.page("issued", { number: told.slip.number, title: words.order(told.slip.asked) })]);
  else if (told.result === "Waiting") say(() => [words.page("waiting")]);
  else say(() => [`${words.of("refusals", told.result)} (${told.result}: `, words.reason(told.reason), ")"]);
}

// A fault of what was asked, such as an amount that is none; the server's line is English.
export function failed(line) {
  at("refused").className = "counter-said refused";
  say(() => [`${words.page("counter_cannot")} `, make("span", { lang: "en", text: line })]);
}

export const clear = () => say(null);

// The token in the hand: the one that was picked or is asked for, else the first of the meter's latest slip. A token
// that a lesson names by its digits is on no slip.
export function hand(session, meter, step, picked) {
  const slips = session.slips.filter((slip) => slip.meter === meter.name);
  const wanted = picked || step?.token;
  const named = !picked && step?.digits ? { name: "", digits: step.digits.replaceAll(" ", "") } : null;
  const token = named ?? session.slips.flatMap((slip) => slip.tokens).find((one) => one.name === wanted) ?? slips.at(-1)?.tokens[0];
  at("hand").hidden = !token;
  if (token) {
    at("hand-place").textContent = token.name ? placeOf(session, token.name) : words.page("token");
    at("hand-digits").textContent = grouped(token.digits);
  }
  return token?.name ?? "";
}

export function show(session, meter, step, inHand, print, pick) {
  const keys = session.keys.filter((key) => key.supply_group === meter.supply_group);
  follow(at("to"), keys, () => {
    const options = keys.map((key) => make("option", { value: key.key_revision, text: `${key.key_revision} (${key.base_date})` }));
    at("to").replaceChildren(...options);
    at("to").value = Math.max(...keys.map((key) => key.key_revision));
  });
  follow(at("with"), [session.session, step?.number], () => {
    if (step?.do === "change_key") at("with").value = "now";
    if (step?.do === "change_with_purchase") at("with").value = "with";
  });
  const orders = ordersOf(session.lesson);
  follow(at("kind"), orders, () => {
    const before = at("kind").value;
    at("kind").replaceChildren(...orders.map(([order, value, text]) => make("option", { value: `${order} ${value}`, text: words.order(text) })));
    if (before && [...at("kind").options].some((option) => option.value === before)) at("kind").value = before;
  });
  at("amount-unit").textContent = meter.unit || "currency";
  at("no-slip").hidden = session.slips.length > 0;
  follow(at("slips"), [session.session, session.slips.map((slip) => [slip.number, slip.tokens])], () => {
    at("slips").replaceChildren(...session.slips.toReversed().map((slip) => slipOf(slip, print, pick)));
  });
  for (const button of at("slips").querySelectorAll(".digits")) {
    const now = button.dataset.token === inHand;
    button.setAttribute("aria-pressed", now);
    button.classList.toggle("asked-now", now);
  }
}

// What can be ordered: the usual, and what the lesson asks for beside it.
function ordersOf(lesson) {
  const orders = [...ORDERS];
  for (const { order, value, asked } of lesson?.steps.filter((step) => step.order) ?? []) {
    if (!orders.some((known) => known[0] === order && known[1] === value)) orders.push([order, value, asked]);
  }
  return orders;
}

function slipOf(slip, print, pick) {
  const tokens = slip.tokens.map((token) => {
    const digits = make("button", { type: "button", class: "digits", "data-token": token.name, title: words.page("take"), text: grouped(token.digits), onclick: () => pick(token.name) });
    return make("div", { class: "token" }, make("b", { text: labelOf(slip, token) }), digits);
  });
  const head = make("h4", {}, make("span", { text: `${words.page("slip")} ${slip.number}` }), make("span", { text: words.order(slip.asked) }));
  const about = make("p", { class: "of", text: `${slip.at} · ${slip.pan}` });
  const button = make("button", { type: "button", text: words.page("print"), onclick: () => print(slip) });
  return make("li", {}, make("div", { class: "slip" }, head, about, ...tokens, button));
}

// What a token of a slip is: "Key change 1 of 2".
export function labelOf(slip, token) {
  const sections = sectionsOf(slip);
  const section = sections.indexOf(token) + 1;
  return section ? words.page("section_of", { section, of: sections.length }) : words.page(slip.kind === "bought" ? "credit_token" : "order_token");
}

const sectionsOf = (slip) => slip.tokens.filter((kept) => kept.name.includes(".kct."));
const slipWith = (session, token) => session.slips.find((one) => one.tokens.some((kept) => kept.name === token));

// Where a token stands, in words: "slip 2, key change 1 of 2".
export function placeOf(session, token) {
  const slip = slipWith(session, token);
  if (!slip) return "";
  const found = slip.tokens.find((kept) => kept.name === token);
  const meter = session.meters.length > 1 ? ` (${slip.meter})` : "";
  return `${words.page("slip")} ${slip.number}${meter}, ${labelOf(slip, found)}`;
}

// The sections that belong to one of them, by their names.
export function othersOf(session, token) {
  const slip = slipWith(session, token);
  return slip ? sectionsOf(slip).map((kept) => kept.name).filter((name) => name !== token) : [];
}
