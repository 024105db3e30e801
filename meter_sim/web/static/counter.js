// The vending counter and its slips.

import { at, follow, grouped, make } from "./dom.js";
import * as words from "./words.js";

const ORDERS = [["test", 4, "test_key"], ["test", 3, "test_total"], ["test", 9, "test_power"], ["test", 0, "test_all"],
  ["clear_tamper", 0, "clear_tamper"], ["power_limit", 500, "power_limit"], ["clear_credit", 65535, "clear_credit"]];

export function build(ask) {
  at("buy").addEventListener("submit", (event) => {
    event.preventDefault();
    at("amount").blur(); // what is typed next goes to the meter
    ask("purchases", { amount: `${at("amount").value.trim().replace(",", ".")} ${at("amount-unit").textContent}` });
  });
  at("change").addEventListener("submit", (event) => {
    event.preventDefault();
    ask("key-changes", { to: Number(at("to").value), with_purchase: at("with").value === "with" });
  });
  at("order").addEventListener("submit", (event) => {
    event.preventDefault();
    const [order, value] = ORDERS[Number(at("kind").value)];
    ask("orders", { order, value });
  });
}

export function name() {
  at("kind").replaceChildren(...ORDERS.map(([, , label], place) => make("option", { value: place, text: words.page(label) })));
  at("slips").dataset.said = "";
}

export function answered(told) {
  const said = told.result === "Issued" ? "" : told.result === "Waiting" ? words.page("waiting") : `${words.of("refusals", told.result)} (${told.result}: ${told.reason})`;
  at("refused").textContent = said;
}

// The token in the hand: the one that was picked or is asked for, else the first of the meter's latest slip.
export function hand(session, meter, picked) {
  const slips = session.slips.filter((slip) => slip.meter === meter.name);
  const token = session.slips.flatMap((slip) => slip.tokens).find((one) => one.name === picked) ?? slips.at(-1)?.tokens[0];
  at("hand").hidden = !token;
  if (token) {
    at("hand-place").textContent = placeOf(session, token.name);
    at("hand-digits").textContent = grouped(token.digits);
  }
  return token?.name ?? "";
}

export function show(session, meter, wanted, print, pick) {
  const keys = session.keys.filter((key) => key.supply_group === meter.supply_group);
  follow(at("to"), keys, () => {
    const options = keys.map((key) => make("option", { value: key.key_revision, text: `${key.key_revision} (${key.base_date})` }));
    at("to").replaceChildren(...options);
    at("to").value = Math.max(...keys.map((key) => key.key_revision));
  });
  at("amount-unit").textContent = meter.unit || "currency";
  at("no-slip").hidden = session.slips.length > 0;
  follow(at("slips"), [session.slips.map((slip) => slip.number), wanted], () => {
    at("slips").replaceChildren(...session.slips.toReversed().map((slip) => slipOf(slip, wanted, print, pick)));
  });
}

function slipOf(slip, wanted, print, pick) {
  const tokens = slip.tokens.map((token) => {
    const now = token.name === wanted;
    const digits = make("button", { type: "button", class: now ? "digits asked-now" : "digits", "aria-pressed": String(now), title: words.page("take"), text: grouped(token.digits), onclick: () => pick(token.name) });
    return make("div", { class: "token" }, make("b", { text: labelOf(slip, token) }), digits);
  });
  const head = make("h4", {}, make("span", { text: `${words.page("slip")} ${slip.number}` }), make("span", { text: slip.asked }));
  const about = make("p", { class: "of", text: `${slip.at} · ${slip.pan}` });
  const button = make("button", { type: "button", text: words.page("print"), onclick: () => print(slip) });
  return make("li", {}, make("div", { class: "slip" }, head, about, ...tokens, button));
}

// What a token of a slip is: "Key change 1 of 2".
export function labelOf(slip, token) {
  const sections = slip.tokens.filter((kept) => kept.name.includes(".kct."));
  const section = sections.indexOf(token) + 1;
  return section ? words.page("section_of", { section, of: sections.length }) : words.page(slip.kind === "bought" ? "credit_token" : "order_token");
}

// Where a token stands, in words: "slip 2, key change 1 of 2".
export function placeOf(session, token) {
  const slip = session.slips.find((one) => one.tokens.some((kept) => kept.name === token));
  if (!slip) return "";
  const found = slip.tokens.find((kept) => kept.name === token);
  return `${words.page("slip")} ${slip.number}, ${labelOf(slip, found)}`;
}
