// The last token taken apart.

import { at, follow, grouped, make } from "./dom.js";
import * as words from "./words.js";

export function name() {
  at("why-body").dataset.said = "";
}

export function show(entry) {
  at("no-why").hidden = entry !== null;
  at("why-body").hidden = entry === null;
  if (entry) follow(at("why-body"), entry, () => fill(entry));
}

function fill(entry) {
  const why = entry.why;
  at("why-result").textContent = entry.result;
  at("why-result").className = entry.accepted ? "good" : "bad";
  at("why-word").textContent = `${entry.display.join(", ")}${entry.credited ? ` (+${entry.credited})` : ""}`;
  at("why-text").textContent = words.of("results", entry.result);
  at("why-reason").textContent = entry.reason;
  at("why-checks").replaceChildren(
    ...why.checks.map((kept) =>
      make("li", { class: kept.outcome.replace(" ", "-") }, make("span", { text: `${words.of("checks", kept.check)}${kept.outcome === "passed" ? "" : `: ${words.page(kept.outcome.replace(" ", "_"))}`}` })),
    ),
  );
  at("why-from").textContent = words.page(`fields_from_${why.fields_from}`, { key: why.made_under });
  const rows = [["token", grouped(entry.digits), "mono"]];
  if (why.block) rows.push([words.page("block"), grouped(why.block), "mono"]);
  if (why.key) rows.push([words.page("read_under"), why.key, ""]);
  if (why.found) rows.push(["CRC", why.found === why.reckoned ? why.found : words.page("crc_differs", { found: why.found, reckoned: why.reckoned }), "mono"]);
  for (const field of why.fields) rows.push([field.name, field.value, ""]);
  at("why-fields").replaceChildren(...rows.map(([term, value, kind]) => make("div", { class: kind }, make("dt", { text: term }), make("dd", { text: value }))));
}
