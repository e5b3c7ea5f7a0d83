// How do bends become a curve?
//
// Each ReLU unit is a straight ramp that starts at its hinge, so a sum of them is straight between hinges and bends at
// each. With enough bends, at the right places, any curve is near; the ramps themselves are far larger than the curve.

import { clamp, dot, figure, fixed, line, linspace, max, min, num, path, range, rule, text } from "kit";

const [LEFT, RIGHT, LAST] = [-3, 3, 2.9]; // ends of the axis; place of the last possible hinge
const MOST = 32; // units
const HELD = 12; // so many hinges still have handles
const STEP = 0.05;
const grid = linspace(LEFT, RIGHT, 241);
const TARGETS = {
  chirp: (x) => Math.sin((x + 3) ** 2 / 4),
  sine: (x) => Math.sin(2 * x),
  corner: (x) => Math.abs(x) / 1.5 - 1,
  step: (x) => (x < 0.5 ? -1 : 1),
};

const spread = (n) => range(n).map((i) => LEFT + ((RIGHT - LEFT) * i) / n);
const settle = (t) => +clamp(Math.round(t / STEP) * STEP, LEFT, LAST).toFixed(2);
const own = (s) => s.hinges.length === s.n && s.hinges.every(Number.isFinite);
const places = (s) => (own(s) ? s.hinges.map(settle) : spread(s.n));

/**
 * Least squares. The sum is straight between hinges and level before the first: what is solved for is its value at
 * each hinge and at the right end, since a grid point depends only on its two neighbors among them.
 */
function fit(target, hinges) {
  const t = [...new Set(hinges)].sort((a, b) => a - b);
  const knots = [...t, RIGHT];
  const m = knots.length;
  const [diagonal, beside, wanted] = [Array(m).fill(0), Array(m).fill(0), Array(m).fill(0)];
  let k = 0;
  const shares = grid.map((x) => {
    while (k < m - 2 && x > knots[k + 1]) k++;
    const share = x <= knots[0] ? 0 : (x - knots[k]) / (knots[k + 1] - knots[k]);
    const y = TARGETS[target](x);
    diagonal[k] += (1 - share) ** 2;
    diagonal[k + 1] += share ** 2;
    beside[k] += share * (1 - share);
    wanted[k] += (1 - share) * y;
    wanted[k + 1] += share * y;
    return [k, share, y];
  });
  for (let i = 1; i < m; i++) {
    const times = beside[i - 1] / diagonal[i - 1];
    diagonal[i] -= times * beside[i - 1];
    wanted[i] -= times * wanted[i - 1];
  }
  const value = Array(m);
  for (let i = m - 1; i >= 0; i--) value[i] = (wanted[i] - (i < m - 1 ? beside[i] * value[i + 1] : 0)) / diagonal[i];
  const slopes = t.map((_, i) => (value[i + 1] - value[i]) / (knots[i + 1] - knots[i]));
  const squares = shares.map(([i, share, y]) => ((1 - share) * value[i] + share * value[i + 1] - y) ** 2);
  return {
    t, knots, value,
    bends: slopes.map((slope, i) => slope - (slopes[i - 1] ?? 0)), // c: by how much the slope changes there
    error: Math.sqrt(squares.reduce((a, b) => a + b) / grid.length),
  };
}

const errors = {};
/** Error with 1, 2, … evenly spread hinges. */
const curveOf = (target) => (errors[target] ??= range(1, MOST + 1).map((n) => fit(target, spread(n)).error));

/** Each hinge goes one step, or four, to the side where the error is less, if there is one. */
function moved(s) {
  const hinges = places(s).map(settle);
  let best = fit(s.target, hinges).error;
  hinges.forEach((here, i) => {
    for (const steps of [1, -1, 4, -4]) {
      const trial = hinges.with(i, settle(here + steps * STEP));
      const { error } = fit(s.target, trial);
      if (error < best - 1e-7) {
        best = error;
        hinges[i] = trial[i];
      }
    }
  });
  return hinges;
}
const rests = (s) => own(s) && moved(s).every((t, i) => t === settle(s.hinges[i]));

export default figure("How do bends become a curve?", (f) => {
  const main = f.plot({
    name: "Target and sum", title: "target and sum of the units",
    x: [LEFT, RIGHT], y: [-1.6, 1.6], yTicks: [-1, 0, 1], xLabel: "*x*", yLabel: "*y*",
    aspect: 2.2, phone: 1.3, least: 450,
  });
  const units = f.plot({
    name: "The units one by one", title: "the units one by one",
    x: [LEFT, RIGHT], xLabel: "*x*", yLabel: "*c* max(0, *x* − *t*)", aspect: 1.5, least: 280,
  });
  const errorPlot = f.plot({
    name: "Error over the number of units", title: "error, hinges spread evenly",
    x: [0.9, 36], xLog: true, xLabel: "units *N*", xTicks: [1, 2, 4, 8, 16, 32],
    y: [5e-4, 1.5], yLog: true, yLabel: "error (RMS)", yTicks: [0.001, 0.01, 0.1, 1], aspect: 1.5, least: 280,
  });

  const height = (s, x) => {
    const { knots, value } = fit(s.target, places(s));
    return value[knots.indexOf(x)];
  };
  range(HELD).forEach((i) =>
    f.handle(main, {
      label: `Hinge ${i + 1}`,
      at: (s) => (i < s.n && s.n <= HELD ? [places(s)[i], clamp(height(s, places(s)[i]), -1.55, 1.55)] : null),
      move: ([x], s) => f.set({ hinges: places(s).map(settle).with(i, settle(x)) }),
      step: [STEP, 0],
      words: (s) => `at ${num(places(s)[i])}`,
      color: "orange",
      r: 6,
    }),
  );
  f.player({ step: (s) => f.set({ hinges: moved(s) }), done: rests, every: 150, label: "Move hinges" });
  f.button("Spread evenly", () => f.set({ hinges: [] }), { when: own });
  f.slider("n", { label: "units *N*", min: 1, max: MOST, step: 1 });
  f.choice("target", { label: "target", options: Object.keys(TARGETS).map((name) => [name, name]) });
  f.predict({
    ask: "The ramps fit as well as they can with their hinges (orange) spread evenly. Where will the hinges go if they may move, too?",
    choices: ["They stay: evenly is best", "To where the curve is steepest", "To where the curve bends most"],
    right: 2,
    because: "Where a curve is straight, however steep, one ramp is enough; a hinge is worth most where the slope changes most.",
    when: (s) => own(s) && fit(s.target, s.hinges).error < 0.8 * curveOf(s.target)[s.n - 1],
  });

  f.update((s) => {
    const target = TARGETS[s.target];
    const { t, knots, value, bends, error } = fit(s.target, places(s));
    const evenly = curveOf(s.target);
    f.read({ hinges: t, bends, bias: value[0], error, evenly });

    const corners = [[LEFT, value[0]], ...knots.map((knot, i) => [knot, value[i]])];
    main.draw([
      t.map((x, i) => line([[x, -1.6], [x, value[i]]], { color: "faint", width: 1 })),
      s.target === "step"
        ? line([[LEFT, -1], [0.5, -1], [0.5, 1], [RIGHT, 1]], { color: "green", width: 5, opacity: 0.55 })
        : path(target, { color: "green", width: 5, opacity: 0.55, n: 240 }),
      line(corners, { color: "blue", width: 2.2 }),
      s.n > HELD && t.map((x, i) => dot([x, value[i]], { color: "orange", r: 3.5 })),
    ]);
    main.drawOver([
      text([LEFT + 0.1, 1.42], "target", { color: "green", anchor: "start", weight: 600 }),
      text([LEFT + 0.1, 1.42], "sum", { color: "blue", anchor: "start", weight: 600, dx: 52 }),
    ]);

    const ends = bends.map((c, i) => c * (RIGHT - t[i]));
    const reach = 1.1 * Math.max(1.5, max(ends), -min(ends));
    units.y = [-reach, reach];
    units.layout();
    units.draw([
      rule({ y: 0 }),
      bends.map((c, i) =>
        line([[LEFT, 0], [t[i], 0], [RIGHT, ends[i]]], { color: c > 0 ? "purple" : "sky", width: 1.5 }),
      ),
      line(corners, { color: "blue", width: 2.5 }),
      t.map((x) => dot([x, 0], { color: "orange", r: 3 })),
    ]);
    const sum = { color: "blue", anchor: "start", weight: 600, size: 12 };
    units.drawOver([text([LEFT + 0.1, 0.86 * reach], "their sum", sum)]);

    const show = (e) => clamp(e, 5e-4, 1.5);
    errorPlot.draw([
      line(evenly.map((e, i) => [i + 1, show(e)]), { color: "muted", width: 1.5 }),
      evenly.map((e, i) => dot([i + 1, show(e)], { color: "muted", r: 2 })),
      line([[s.n, show(evenly[s.n - 1])], [s.n, show(error)]], { color: "orange", width: 2 }),
      dot([s.n, show(error)], { color: "blue", r: 6 }),
    ]);

    const gain = evenly[s.n - 1] / error;
    const better = gain > 1 ? `${num(gain)} times less` : `${num(1 / gain)} times more`;
    const compare = own(s) && Math.abs(gain - 1) > 0.005 ? `, ${better} than with hinges spread evenly` : "";
    const exact = error < 1e-9;
    const doubled = 2 * s.n <= MOST && !own(s) && !exact;
    const twice = doubled ? ` Twice as many would leave ${fixed(evenly[2 * s.n - 1], 4)}.` : "";
    const tall = max(ends, Math.abs);
    const ramps = tall > 2 ? ` The tallest ramp ends at ${num(tall)}: the ramps all but cancel.` : "";
    const found = `${s.n > 1 ? "units make" : "unit makes"} a curve with an error of ${exact ? "0" : fixed(error, 4)}`;
    return `${s.n} ${found}${compare}.${twice}${ramps}`;
  });
});
