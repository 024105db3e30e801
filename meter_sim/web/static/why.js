// The last token taken apart.

import { at, follow, grouped, make } from "./dom.js";
import * as words from "./words.js";

const UNREAD = ["LockedOut", "NotReady"];

export function name() {
  at("why-body").dataset.said = "";
}

export function show(entry) {
  at("no-why").hidden = entry !== null;
  at("why-body").hidden = entry === null;
  if (entry) follow(at("why-body"), entry, () => fill(entry));
}

// What a result means: by itself, or together with the token's class and the check that refused it.
export function meaning(result, tokenClass, check, digits) {
  const count = digits.length;
  let kind = tokenClass === 1 ? "test" : check;
  if (result === "FormatError" && check === "digits") kind = /\D/.test(digits) ? "" : count < 20 ? "short" : count > 20 ? "long" : check;
  return words.of("results_of", `${result} ${kind}`, { count }) || words.of("results", result);
}

function fill(entry) {
  const why = entry.why;
  const refused = why.checks.find((kept) => kept.outcome === "failed")?.check ?? "";
  at("why-result").textContent = entry.result;
  at("why-result").className = entry.accepted ? "good" : "bad";
  at("why-word").textContent = `${entry.display.join(", ")}${entry.credited ? ` (+${entry.credited})` : ""}`;
  at("why-text").textContent = meaning(entry.result, why.token_class, refused, entry.digits);
  at("why-reason").replaceChildren(words.reason(entry.reason));
  at("why-checks").replaceChildren(
    ...why.checks.map(({ check, outcome }) => {
      const said = words.of("checks", check === "checksum" && why.token_class === 1 ? "checksum_of_test" : check);
      const after = outcome === "passed" ? "" : `: ${words.page(outcome.replace(" ", "_"))}`;
      return make("li", { class: outcome.replace(" ", "-") }, make("span", { text: `${said}${after}` }));
    }),
  );
  const unread = UNREAD.includes(entry.result) && why.fields_from === "vending";
  at("why-from").textContent = unread ? words.page("fields_unread") : words.page(`fields_from_${why.fields_from}`, { key: why.made_under });
  at("why-fields").replaceChildren(...rows(entry).map(([term, value, kind]) => make("div", { class: kind }, make("dt", { text: term }), make("dd", {}, value))));
}

function rows(entry) {
  const why = entry.why;
  const found = [[words.page("token"), grouped(entry.digits), "mono"]];
  if (why.block) found.push([words.page("block"), grouped(why.block), "mono"]);
  if (why.key) found.push([words.page("read_under"), why.key, ""]);
  if (why.found) found.push(["CRC", why.found === why.reckoned ? why.found : words.page("crc_differs", { found: why.found, reckoned: why.reckoned }), "mono"]);
  else if (why.checks.some((kept) => kept.check === "change")) found.push(["CRC", words.page("not_shown"), ""]);
  for (const field of why.fields) found.push([words.field(field.name), words.reason(field.value), ""]);
  return found;
}
