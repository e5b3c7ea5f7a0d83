// How do two layers solve what one cannot?
//
// No line parts the two classes of XOR. A hidden layer moves the corners before the line is drawn: where it folds the
// plane so that two corners of one class meet, a line is enough. Units that only copy the inputs fold nothing.

import {
  add, area, arrow, clamp, diverging, dot2, figure, glyph, line, linspace, norm, num, range, raster, scale, sigmoid,
  text,
} from "kit";

const CORNERS = [[0, 0], [0, 1], [1, 0], [1, 1]];
const LABELS = [-1, 1, 1, -1];
const NAMES = ["00", "01", "10", "11"];
const INPUT = [-0.6, 1.6];
const HIDDEN = [-0.3, 1.3];
const ARROW = 0.3;

// A line is [x, y, angle]: a point on it, and the direction of the side where its unit is on.
const normal = ([, , angle]) => [Math.cos(angle), Math.sin(angle)];
const height = (cut, p) => dot2(normal(cut), add(p, cut, -1)); // signed distance
const hidden = (s, p) => [s.first, s.second].map((cut) => sigmoid(s.steepness * height(cut, p)));
const score = (s, p) => height(s.output, hidden(s, p));

/** How far apart two segments are; 0 where they cross. */
function apart([a, b], [c, d]) {
  const cross = (o, p, q) => (p[0] - o[0]) * (q[1] - o[1]) - (p[1] - o[1]) * (q[0] - o[0]);
  if (cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0) return 0;
  const toward = (p, from, to) => {
    const way = add(to, from, -1);
    const t = clamp(dot2(add(p, from, -1), way) / (dot2(way, way) || 1), 0, 1);
    return norm(add(p, add(from, way, t), -1));
  };
  return Math.min(toward(a, c, d), toward(b, c, d), toward(c, a, b), toward(d, a, b));
}

export default figure("How do two layers solve what one cannot?", (f) => {
  const square = { equal: true, aspect: 1, least: 260 };
  const inputs = f.plot({
    ...square, name: "The inputs and the two hidden lines", title: "inputs: two lines, two hidden units", x: INPUT,
    y: INPUT, xLabel: "*x*_1", yLabel: "*x*_2", xTicks: [0, 1], yTicks: [0, 1],
  });
  const space = f.plot({
    ...square, name: "What the hidden units make of the inputs", title: "what the hidden units make of it", x: HIDDEN,
    y: HIDDEN, xLabel: "hidden unit *h*_1", yLabel: "hidden unit *h*_2", xTicks: [0, 0.5, 1], yTicks: [0, 0.5, 1],
  });

  /** Two handles: one moves a line, the other (at its arrow's tip) turns it. */
  function grips(plot, name, label, color, [low, high]) {
    f.handle(plot, {
      label: `${label}: move`,
      at: (s) => s[name].slice(0, 2),
      move: ([x, y], s) => f.set({ [name]: [clamp(x, low, high), clamp(y, low, high), s[name][2]] }),
      step: 0.05,
      color,
      r: 6,
    });
    f.handle(plot, {
      label: `${label}: turn`,
      at: (s) => add(s[name].slice(0, 2), normal(s[name]), ARROW),
      move: ([x, y], s) => f.set({ [name]: [s[name][0], s[name][1], Math.atan2(y - s[name][1], x - s[name][0])] }),
      words: (s) => `${num((s[name][2] * 180) / Math.PI)} degrees`,
      color,
      r: 4,
    });
  }
  grips(inputs, "first", "First hidden line", "purple", [-0.25, 1.25]);
  grips(inputs, "second", "Second hidden line", "purple", [-0.25, 1.25]);
  grips(space, "output", "Output line", "ink", [0, 1]);
  f.slider("steepness", { label: "steepness", min: 1, max: 50, step: 0.02, log: true });
  f.predict({
    ask: "Now each hidden unit copies one input, and XOR stays XOR. Move and turn the two hidden lines until one straight line on the right is enough. How will the four corners lie there?",
    choices: [
      "Still as a square, only turned", "In one row, the classes in turn", "With two corners of one class together",
    ],
    right: 2,
    because: "A line can part the classes only where the plane has been folded: two corners of one class come together, and the line cuts off the place where they meet.",
    when: (s) => CORNERS.every((p, i) => score(s, p) >= 0 === LABELS[i] > 0),
  });

  f.update((s) => {
    const places = CORNERS.map((p) => hidden(s, p));
    const scores = CORNERS.map((p) => score(s, p));
    const wrong = range(4).filter((i) => scores[i] >= 0 !== LABELS[i] > 0);
    const gap = apart([places[0], places[3]], [places[1], places[2]]);
    f.read({ hidden: places, scores, mistakes: wrong.length, gap });

    // In the input plane: what the whole network says, then the lines of the hidden units.
    const { x, y } = inputs.shown;
    const cells = 64;
    const middle = ([a, b]) => linspace(a + (b - a) / 2 / cells, b - (b - a) / 2 / cells, cells);
    const rows = middle(y).reverse().map((v) => middle(x).map((u) => Math.tanh(12 * score(s, [u, v]))));
    inputs.paint([raster(rows, [x[0], y[0]], [x[1], y[1]], diverging(6), { smooth: true })]);
    const cut = (at, color, dash) => {
      const [p, n] = [at.slice(0, 2), normal(at)];
      const along = [-n[1], n[0]];
      return [
        line([add(p, along, -5), add(p, along, 5)], { color, width: 2.5, dash }),
        arrow(p, add(p, n, ARROW), { color, width: 2.5 }),
      ];
    };
    const outline = [0, 1, 3, 2].flatMap((from, k) => {
      const [a, b] = [CORNERS[from], CORNERS[[1, 3, 2, 0][k]]];
      return range(24).map((i) => add(a, add(b, a, -1), i / 24));
    });
    inputs.draw([
      line(outline, { color: "muted", width: 1.5, closed: true }),
      cut(s.first, "purple"),
      cut(s.second, "purple", "9 5"),
      CORNERS.map((p, i) => glyph(p, LABELS[i], { r: LABELS[i] > 0 ? 8 : 7, hollow: wrong.includes(i) })),
    ]);
    const label = (p, i, away) => text(p, NAMES[i], {
      size: 12, weight: 600, color: LABELS[i] > 0 ? "blue" : "vermilion", dx: away * (CORNERS[i][0] ? 1 : -1),
      dy: -away * (CORNERS[i][1] ? 1 : -1),
    });
    const tag = (at, name, color) => text(add(at.slice(0, 2), normal(at), ARROW), name, {
      color, weight: 600, dx: 17 * normal(at)[0], dy: -17 * normal(at)[1],
    });
    inputs.drawOver([
      CORNERS.map((p, i) => label(p, i, 15)), tag(s.first, "*h*_1", "purple"), tag(s.second, "*h*_2", "purple"),
    ]);

    // In the hidden space: the grid of the inputs, the unit square's outline, and the corners, as the units move them.
    const half = (side) => {
      const [p, n] = [s.output.slice(0, 2), scale(normal(s.output), side)];
      const along = [-n[1], n[0]];
      return area([
        add(p, along, 5), add(p, along, -5), add(add(p, along, -5), n, 5), add(add(p, along, 5), n, 5),
      ], { color: side > 0 ? "blue" : "vermilion", opacity: 0.14 });
    };
    const ticks = linspace(-0.5, 1.5, 9);
    const fine = linspace(-0.5, 1.5, 41);
    space.draw([
      half(1),
      half(-1),
      ticks.map((u) => [
        line(fine.map((v) => hidden(s, [u, v])), { color: "muted", width: 0.7, opacity: 0.6 }),
        line(fine.map((v) => hidden(s, [v, u])), { color: "muted", width: 0.7, opacity: 0.6 }),
      ]),
      line(outline.map((p) => hidden(s, p)), { color: "muted", width: 2, closed: true }),
      cut(s.output, "ink"),
      [0, 3, 1, 2].map((i) => glyph(places[i], LABELS[i], { r: LABELS[i] > 0 ? 8 : 7, hollow: wrong.includes(i) })),
    ]);
    space.drawOver([places.map((p, i) => label(p, i, 15)), tag(s.output, "out", "ink")]);

    const meet = [[1, 2], [0, 3]].filter(
      ([i, j]) => norm(add(places[i], places[j], -1)) < 0.4,
    ).map(([i, j]) => `${NAMES[i]} and ${NAMES[j]}`);
    const lie = meet.length
      ? `${meet.join(", and ")} come together in the hidden space`
      : "The four corners lie apart in the hidden space";
    if (!wrong.length) return `All four corners are right: ${lie.replace("The", "the")}, and one line is enough, with ${num(gap, 2)} between the classes.`;
    const hope = gap > 0.02
      ? `one line would be enough there, with ${num(gap, 2)} between the classes: lay the output line`
      : gap > 1e-6 ? "a line would be enough, but only by a hair: make it steeper, or move the hidden lines" : "no line parts the classes there. Move and turn the hidden lines";
    return `${wrong.length} of 4 corners ${wrong.length > 1 ? "are" : "is"} wrong (hollow). ${lie}, and ${hope}.`;
  });
});
