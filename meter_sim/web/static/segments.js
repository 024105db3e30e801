// A display of fourteen segments a cell, drawn as SVG.

// The segments, in units of a cell 10 wide and 16 high: outer a b c d e f, middle g (left) h (right),
// verticals i (upper) l (lower), diagonals j k (upper left, upper right) m n (lower left, lower right), and the point p.
const SHAPES = {
  a: "1.6,0.6 8.4,0.6 7.4,2 2.6,2",
  b: "9.2,1.2 9.2,7.4 8.5,7.9 7.8,7.2 7.8,2.4",
  c: "9.2,8.6 9.2,14.8 7.8,13.6 7.8,8.8 8.5,8.1",
  d: "1.6,15.4 8.4,15.4 7.4,14 2.6,14",
  e: "0.8,8.6 0.8,14.8 2.2,13.6 2.2,8.8 1.5,8.1",
  f: "0.8,1.2 0.8,7.4 1.5,7.9 2.2,7.2 2.2,2.4",
  g: "1.9,8 2.6,7.3 4.2,7.3 4.8,8 4.2,8.7 2.6,8.7",
  h: "5.2,8 5.8,7.3 7.4,7.3 8.1,8 7.4,8.7 5.8,8.7",
  i: "4.3,2.4 5.7,2.4 5.7,6.8 5,7.5 4.3,6.8",
  l: "4.3,9.2 5,8.5 5.7,9.2 5.7,13.6 4.3,13.6",
  j: "2.6,2.4 3.2,2.4 4,4.8 4,6.9 2.6,4.2",
  k: "7.4,2.4 6.8,2.4 6,4.8 6,6.9 7.4,4.2",
  m: "2.6,13.6 3.2,13.6 4,11.2 4,9.1 2.6,11.8",
  n: "7.4,13.6 6.8,13.6 6,11.2 6,9.1 7.4,11.8",
};

const LIT = {
  0: "abcdef", 1: "bc", 2: "abgedh", 3: "abchd", 4: "fghbc", 5: "afghcd", 6: "afedcgh", 7: "abc", 8: "abcdefgh", 9: "abcdfgh",
  A: "abcefgh", B: "abcdilh", C: "adef", D: "abcdil", E: "adefg", F: "aefg", G: "acdefh", H: "bcefgh", I: "adil", J: "bcde",
  K: "efgkn", L: "def", M: "bcefjk", N: "bcefjn", O: "abcdef", P: "abefgh", Q: "abcdefn", R: "abefghn", S: "afghcd", T: "ail",
  U: "bcdef", V: "efmk", W: "bcefmn", X: "jkmn", Y: "jkl", Z: "akmd",
  a: "degl", b: "cdefgh", c: "degh", d: "bcdegh", e: "degm", f: "ghilk", g: "abcdfgh", h: "cefgh", i: "l", j: "bcd", k: "ilkn",
  l: "def", m: "cegh l", n: "cegh", o: "cdegh", p: "abefgh", q: "abcfgh", r: "egh", s: "afghcd", t: "defgh", u: "cde", v: "em",
  w: "cemn", x: "jkmn", y: "bcdfgh", z: "gmd", "-": "gh", "_": "d", "/": "km", "|": "il", "+": "ghil", " ": "", "(": "adef", ")": "abcd", "*": "ghijklmn",
};

const CELL = 11.6;
const ROW = 19;
const MOST = 12;
const LEAST = 8;
const NAMES = "http://www.w3.org/2000/svg";

// A text as rows of cells; a point belongs to the character before it.
function cells(text) {
  const list = [];
  for (const character of text) {
    if ((character === "." || character === ",") && list.length && !list.at(-1).point) list.at(-1).point = true;
    else list.push({ character: character === "." ? " " : character, point: character === "." });
  }
  return list;
}

function rows(text, digits) {
  if (digits) {
    const groups = text.match(/.{1,4}/g) ?? [];
    return [groups.slice(0, 3), groups.slice(3)].filter((part) => part.length).map((part) => cells(part.join(" ")));
  }
  if (cells(text).length <= MOST) return [cells(text)];
  const found = [""];
  for (const word of text.split(" ")) {
    const longer = found.at(-1) ? `${found.at(-1)} ${word}` : word;
    if (cells(longer).length > MOST && found.at(-1)) found.push(word);
    else found[found.length - 1] = longer;
  }
  return found.map(cells);
}

export function draw(svg, text, digits = false) {
  const lines = rows(text, digits);
  const width = Math.max(digits ? 14 : LEAST, ...lines.map((line) => line.length));
  const count = Math.max(digits ? 2 : 1, lines.length);
  svg.setAttribute("viewBox", `0 0 ${width * CELL} ${count * ROW}`);
  svg.setAttribute("preserveAspectRatio", digits ? "xMinYMid meet" : "xMaxYMid meet");
  svg.replaceChildren();
  for (let row = 0; row < count; row += 1) {
    const line = lines[row] ?? [];
    const lead = digits ? 0 : width - line.length;
    for (let place = 0; place < width; place += 1) {
      const cell = line[place - lead];
      if (digits && place % 5 === 4) continue;
      drawCell(svg, place * CELL, row * ROW, cell?.character ?? " ", cell?.point ?? false);
    }
  }
}

function drawCell(svg, x, y, character, point) {
  const group = document.createElementNS(NAMES, "g");
  group.setAttribute("transform", `translate(${x + 0.8} ${y + 1.2}) skewX(-4)`);
  const lit = LIT[character] ?? LIT[character.toUpperCase()] ?? "";
  for (const [name, shape] of Object.entries(SHAPES)) {
    const polygon = document.createElementNS(NAMES, "polygon");
    polygon.setAttribute("points", shape);
    polygon.setAttribute("class", lit.includes(name) ? "on" : "off");
    group.append(polygon);
  }
  const dot = document.createElementNS(NAMES, "circle");
  dot.setAttribute("cx", "10.7");
  dot.setAttribute("cy", "14.8");
  dot.setAttribute("r", "0.95");
  dot.setAttribute("class", point ? "on" : "off");
  group.append(dot);
  svg.append(group);
}
