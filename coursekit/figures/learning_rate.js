// How large may a step be?
//
// Two divided by the curvature. Up to half of that the steps come down on one side; then they jump across the minimum
// and still arrive; from 2 / curvature on every step ends farther away than it began. In a landscape with a sharp and
// a flat valley a rate may be too large for the one and fine for the other.

import { clamp, dot, figure, line, num, path, range, rule, text } from "kit";

const STEPS = 20;
const FLOOR = 1e-12; // of the charts
const LOST = 1e4;
const WIDE = 4;
const RATES = range(0.02, 3.001, 0.02);
const CURVES = {
  bowl: { f: (w) => (w * w) / 2, slope: (w) => w, bend: () => 1, minima: [0], high: 5.5 },
  valleys: {
    f: (w) => w ** 4 / 16 - (w * w) / 2 + 0.3 * w + 1.6210249193284487,
    slope: (w) => (w * w * w) / 4 - w + 0.3,
    bend: (w) => (3 * w * w) / 4 - 1,
    minima: [-2.1358460273793938, 1.8285946317324258], // the sharp one, the flat one
    high: 3.6,
  },
};

/** w after each step; a run that flies away ends where it is lost. */
function run({ curve, curvature, start }, rate) {
  const trail = [start];
  for (let w = start; trail.length <= STEPS && Math.abs(w) < LOST; trail.push(w)) {
    w -= rate * curvature * CURVES[curve].slope(w);
  }
  return trail;
}

export default figure("How large may a step be?", (f) => {
  const hill = f.plot({
    name: "The curve and the steps", title: "loss: drag the start", x: [-WIDE, WIDE], aspect: 2.3, phone: 1.2,
    least: 500,
    xLabel: "weight *w*", yLabel: "loss", yTicks: 4,
  });
  const small = { yLog: true, y: [FLOOR, 1e4], yTicks: [1e-12, 1e-8, 1e-4, 1, 1e4], yFormat: power, aspect: 1.3,
    least: 230, yLabel: "" };
  const time = f.plot({ ...small, name: "Loss after each step", title: "loss after each step", x: [-0.5, STEPS + 0.5],
    xLabel: "step" });
  const sweep = f.plot({ ...small, name: "Loss after 20 steps at each learning rate",
    title: "loss after 20 steps: drag η", x: [0, 3], xLabel: "learning rate η" });

  const height = (s, w) => s.curvature * CURVES[s.curve].f(w);
  const end = (s, rate) => clamp(height(s, run(s, rate).at(-1)), FLOOR, 1e4);
  f.handle(hill, {
    label: "Start",
    at: (s) => [s.start, height(s, s.start)],
    move: ([w]) => f.set({ start: +clamp(w, -3.2, 3.2).toFixed(2) }),
    words: (s) => `w is ${num(s.start)}`,
  });
  f.handle(sweep, {
    label: "Learning rate, on the chart",
    at: (s) => [s.rate, end(s, s.rate)],
    move: ([rate]) => f.set({ rate: +clamp(rate, 0.02, 3).toFixed(2) }),
    step: [0.02, 0],
    words: (s) => num(s.rate),
    color: "orange",
  });
  f.slider("rate", { label: "learning rate η", min: 0.02, max: 3, step: 0.02 });
  f.slider("curvature", { label: "curvature *c*", min: 0.25, max: 4, step: 0.05 });
  f.choice("curve", { label: "curve", options: [["bowl", "a parabola"], ["valleys", "two valleys"]] });
  f.predict({
    ask: "Now the steps come down on one side. You make η larger and larger. What do you see before they fly away?",
    choices: ["They come down ever faster, then suddenly fly away", "They jump across the minimum, and still arrive",
      "They circle around the minimum and come no nearer"],
    right: 1,
    because:
      "A step multiplies the distance by 1 − η *c*: between 1 / *c* and 2 / *c* that is negative, yet smaller than 1.",
    when: (s) => s.curve === "bowl" && s.rate * s.curvature > 1 && s.rate * s.curvature < 2,
  });

  f.update((s) => {
    const { rate, curvature, curve } = s;
    const { bend, minima, high } = CURVES[curve];
    const edges = minima.map((w) => 2 / (curvature * bend(w)));
    const trail = run(s, rate);
    const lost = Math.abs(trail.at(-1)) >= LOST;
    const heights = trail.map((w) => height(s, w));
    f.read({ trail, loss: heights.at(-1), edges, factors: minima.map((w) => 1 - rate * curvature * bend(w)) });

    hill.y = [-0.15 * high * curvature, high * curvature];
    hill.layout();
    const points = trail.map((w, i) => [w, heights[i]]);
    hill.draw([
      path((w) => height(s, w), { color: "ink", width: 2 }),
      minima.map((w) => dot([w, height(s, w)], { color: "green", shape: "diamond", r: 6 })),
      line(points, { color: "blue", width: 1.25, opacity: 0.8 }),
      points.map((p) => dot(p, { color: "blue", r: 3.5 })),
      dot(points.at(-1), { color: "orange", r: 6 }),
    ]);
    hill.drawOver(
      curve === "valleys" ? minima.map((w, i) =>
        text([w, height(s, w)], ["sharp", "flat"][i], { color: "green", size: 12, dy: 16 })) : [],
    );

    const shown = (value) => clamp(value, FLOOR, 1e4);
    time.draw([
      line(heights.map((value, i) => [i, shown(value)]), { color: "blue", width: 2.5 }),
      dot([heights.length - 1, shown(heights.at(-1))], { color: "orange", r: 6 }),
    ]);

    const done = RATES.filter((other) => other < rate);
    sweep.draw([
      edges.map((edge) => rule({ x: edge, color: "vermilion", width: 1.5, dash: true })),
      line([...done, rate].map((other) => [other, end(s, other)]), { color: "blue", width: 2.5 }),
    ]);
    const names = curve === "bowl" ? ["2 / *c*"] : ["sharp", "flat"];
    sweep.drawOver(edges.map((edge, i) => edge < 2.9
      && text([edge, FLOOR], names[i], { color: "vermilion", dx: 5, dy: -12 - 16 * i, anchor: "start", size: 12 })));

    const last = trail.at(-1);
    const after = lost ? "It flies away." : `Loss after ${STEPS} steps: ${num(heights.at(-1))}.`;
    if (curve === "bowl") {
      const factor = 1 - rate * curvature;
      const size = Math.abs(factor);
      const kind =
        size < 1e-9 ? "one step arrives"
        : size > 1 + 1e-9 ? "it ends farther away than it began: diverging"
        : size > 1 - 1e-9 ? "it jumps from side to side forever"
        : factor > 0 ? "it comes down on one side"
        : "it jumps across the minimum, and still arrives";
      return `Each step multiplies the distance to the minimum by 1 − η*c* = ${num(factor)}: ${kind}. ` +
      `${after} The edge is at η = 2 / *c* = ${num(edges[0])}.`;
    }
    const valley = last < 0.307 ? 0 : 1;
    const how = rate > edges[valley] ? "comes to no rest" : Math.abs(last - minima[valley]) < 0.02 ? "arrives"
      : "is still on its way";
    const where = lost ? "" : `It ${how} in the ${["sharp", "flat"][valley]} valley. `;
    return `${where}${after} Edges 2 / curvature: ` +
      `the sharp valley holds a run up to η = ${num(edges[0])}, the flat one up to ${num(edges[1])}.`;
  });
});

/** 1e-4 as 10^{−4} */
function power(x) {
  return x === 1 ? "1" : `10^{${String(Math.round(Math.log10(x))).replace("-", "−")}}`;
}
