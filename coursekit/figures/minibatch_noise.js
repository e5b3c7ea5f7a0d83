// What does a smaller batch buy?
//
// Steps: with the same examples one can take B times fewer steps of B examples. And the noise of a mini-batch gradient
// falls only like 1/√B: four times the work halves it. So small batches are ahead, until only their noise is left.

import { add, area, arrow, clamp, dot, dot2, figure, line, mean, min, norm, num, path, random, range, rule, scale,
  solve, text } from "kit";

const START = [-1, 1.5]; // w and b
const CLOUD = 120; // mini-batches
const BUDGET = 2048; // examples
const [LOW, TOP] = [5e-4, 12]; // of the lower chart

let facts; // of the data, which nothing here changes
function problem({ x, y }) {
  if (facts?.x === x && facts.y === y) return facts;
  const inputs = x.map((value) => [value, 1]);
  const each = inputs.map((input, i) => scale(input, dot2(input, START) - y[i])); // gradients
  const full = [0, 1].map((k) => mean(each.map((g) => g[k])));
  const moment = (k, l, of) => mean(of.map((g) => g[k] * g[l]));
  const off = each.map((g) => add(g, full, -1));
  const cov = [[moment(0, 0, off), moment(0, 1, off)], [moment(0, 1, off), moment(1, 1, off)]];
  const bend = [[moment(0, 0, inputs), moment(0, 1, inputs)], [moment(0, 1, inputs), 1]];
  const best = solve(bend, [mean(x.map((value, i) => value * y[i])), mean(y)]);
  const excess = (w) => {
    const d = add(w, best, -1);
    return (d[0] * (bend[0][0] * d[0] + bend[0][1] * d[1]) + d[1] * (bend[1][0] * d[0] + bend[1][1] * d[1])) / 2;
  };
  return (facts = { x, y, full, cov, excess, each });
}

/** The loss above the least after each step, for the whole budget. Size 256 takes every example once. */
function descend(s, size, seed) {
  const { excess, x, y } = problem(s);
  const draw = random(seed);
  let w = START;
  const losses = [];
  for (let t = 0; t < BUDGET / size; t++) {
    let [g0, g1] = [0, 0];
    for (let k = 0; k < size; k++) {
      const i = size === x.length ? k : draw.integer(x.length);
      const error = w[0] * x[i] + w[1] - y[i];
      g0 += error * x[i];
      g1 += error;
    }
    w = [w[0] - (s.rate * g0) / size, w[1] - (s.rate * g1) / size];
    losses.push(excess(w));
  }
  return losses;
}

let known; // cloud and runs, for what they depend on
function simulate(s) {
  const key = JSON.stringify([s.power, s.rate, s.seed]);
  if (known?.key === key && known.x === s.x && known.y === s.y) return known;
  const { each, full } = problem(s);
  const size = 2 ** s.power;
  const draw = random(s.seed);
  const cloud = range(CLOUD).map(() => {
    let [g0, g1] = [0, 0];
    for (let k = 0; k < size; k++) {
      const g = each[draw.integer(each.length)];
      g0 += g[0];
      g1 += g[1];
    }
    return [g0 / size, g1 / size];
  });
  const spread = Math.sqrt(mean(cloud.map((g) => norm(add(g, full, -1)) ** 2)));
  const runs = [1, size, 256].map((b) => descend(s, b, s.seed + 1000));
  return (known = { key, x: s.x, y: s.y, cloud, spread, runs });
}

export default figure("What does a smaller batch buy?", (f) => {
  const plane = f.plot({
    name: "Mini-batch gradients around the full gradient", title: "gradients of 120 mini-batches", x: [-9, 5],
    y: [-4, 6], equal: true,
    aspect: 1.25, grow: 1.3, least: 300, xLabel: "∂loss/∂*w*", yLabel: "∂loss/∂*b*",
  });
  const widths = f.plot({
    name: "Spread over the batch size", title: "spread: drag *B*", x: [0.8, 320], y: [0.1, 8], xLog: true, yLog: true,
    xTicks: [1, 4, 16, 64, 256], yTicks: [0.125, 0.25, 0.5, 1, 2, 4], aspect: 0.97, phone: 1.3, least: 230,
    xLabel: "batch size *B*", yLabel: "spread",
  });
  const chart = f.plot({
    name: "Loss above the least possible", title: "loss for 2048 examples in all", x: [1, BUDGET * 6], y: [LOW, TOP],
    xLog: true, yLog: true, xTicks: [1, 4, 16, 64, 256, 1024], yTicks: [1e-3, 0.01, 0.1, 1, 10], aspect: 2.4,
    phone: 1.2, least: 500,
    xLabel: "examples seen", yLabel: "loss − least",
  });

  const expected = (s, size) => Math.sqrt((problem(s).cov[0][0] + problem(s).cov[1][1]) / size);
  f.handle(widths, {
    label: "Batch size, on the chart",
    at: (s) => [2 ** s.power, expected(s, 2 ** s.power)],
    move: ([b], s, way) => f.set({ power: clamp(way ? s.power + (way[0] || way[1]) : Math.round(Math.log2(b)), 0, 8) }),
    words: (s) => `${2 ** s.power}`,
    color: "orange",
  });
  f.slider("power", { label: "batch size *B*", min: 0, max: 8, step: 1, format: (k) => `${2 ** k}` });
  f.slider("rate", { label: "learning rate η", min: 0.01, max: 0.3, step: 0.01 });
  f.choice("axis", { label: "loss over", options: [["examples", "examples seen"], ["steps", "steps"]] });
  f.button("New batches", (s) => f.set({ seed: s.seed + 1 }));
  f.predict({
    ask: "A batch has 4 examples now. You take 16, four times the work. How wide is the cloud then?",
    choices: ["A quarter as wide", "Half as wide", "As wide as now: the data are the same"],
    right: 1,
    because:
      "The variance of a mean of *B* falls like 1/*B*, so the spread like 1/√*B*: four times the work, half the noise.",
    when: (s) => s.power >= 4,
  });

  f.update((s) => {
    const size = 2 ** s.power;
    const { full, cov } = problem(s);
    const { cloud, spread, runs } = simulate(s);
    const hover = runs.map((losses) => mean(losses.slice(-losses.length / 4))); // over the last quarter
    f.read({
      full,
      spread,
      expected: expected(s, size),
      first: cloud[0],
      steps: runs.map((losses) => losses.length),
      ends: hover,
      early: runs.map((losses, i) => losses[Math.max(0, Math.ceil(256 / [1, size, 256][i]) - 1)]), // after 256 examples
    });

    // two standard deviations around the full gradient, by a Cholesky factor of the covariance
    const a = Math.sqrt(cov[0][0]);
    const b = cov[0][1] / a;
    const c = Math.sqrt(cov[1][1] - b * b);
    const ellipse = (n) =>
      range(60).map((i) => {
        const [u, v] = [Math.cos((i * Math.PI) / 30), Math.sin((i * Math.PI) / 30)].map((t) => (2 * t) / Math.sqrt(n));
        return add(full, [a * u, b * u + c * v]);
      });
    plane.draw([
      rule({ x: 0 }), rule({ y: 0 }),
      line(ellipse(1), { color: "muted", width: 1, dash: true, closed: true }),
      area(ellipse(size), { color: "orange", opacity: 0.15 }),
      line(ellipse(size), { color: "orange", width: 2, closed: true }),
      cloud.slice(0, 12).map((g) => arrow([0, 0], g, { color: "blue", width: 1, opacity: 0.45 })),
      cloud.map((g) => dot(g, { color: "blue", r: 3, opacity: 0.8 })),
      arrow([0, 0], full, { width: 3 }),
    ]);
    const side = ellipse(1).reduce((best, p) => (p[1] > best[1] ? p : best));
    plane.drawOver([
      text([0, 0], "full gradient", { dx: 6, dy: 12, anchor: "start", weight: 600, size: 12 }),
      text([side[0], min([side[1], 5.4])], "*B* = 1", { color: "muted", size: 12, dx: -22, dy: 16 }),
    ]);

    widths.draw([
      path((n) => expected(s, n), { from: 1, to: size, width: 2 }), // as far as the reader has gone
      s.power > 3 && line([[size / 4, expected(s, size / 4)], [size, expected(s, size / 4)],
        [size, expected(s, size)]], { color: "muted", width: 1.5, dash: true }),
      dot([size, spread], { color: "blue", r: 5 }),
    ]);
    widths.drawOver([
      s.power > 3 && text([size / 2, expected(s, size / 4)], "× 4", { color: "muted", dy: -10, size: 12 }),
      s.power > 3 && text([size, Math.sqrt(expected(s, size) * expected(s, size / 4))], "÷ 2",
        { color: "muted", dx: 6, anchor: "start", size: 12 }),
      s.power > 3 && text([1, 0.1], "√(tr Σ / *B*)", { dx: 8, dy: -14, anchor: "start", size: 12 }),
    ]);

    const by = s.axis === "steps" ? [1, 1, 1] : [1, size, 256];
    chart.xLabel = s.axis === "steps" ? "steps taken" : "examples seen";
    chart.layout();
    const looks = [{ color: "muted", width: 1 }, { color: "orange", width: 2 },
      { color: "blue", width: 2, dash: "7 4" }];
    const curves = runs.map((losses, i) => thin(losses.map((loss, t) => [(t + 1) * by[i], clamp(loss, LOW, TOP)])));
    const names = ["*B* = 1", `*B* = ${size}`, "all 256"];
    const order = [0, 2, 1].filter((i) => i === 1 || size !== [1, 0, 256][i]);
    chart.draw(order.map((i) => [line(curves[i], looks[i]), dot(curves[i].at(-1), { color: looks[i].color, r: 4 })]));
    // The names right of the ends, from the top down and apart.
    let above = -Infinity;
    const ends = order.map((i) => ({ i, end: curves[i].at(-1) })).sort((p, q) => q.end[1] - p.end[1]);
    chart.drawOver(
      ends.map(({ i, end }) => {
        above = Math.max(chart.Y(end[1]), above + 17);
        return text(end, names[i], { color: looks[i].color, anchor: "start", dx: 9, dy: above - chart.Y(end[1]),
          size: 12, weight: 600 });
      }),
    );

    const quarter = s.power > 3 ? `, half as much as ${size / 4} would` : "";
    const one = `A batch of ${size} misses the full gradient (length ${num(norm(full))}) by ${num(spread)} ` +
      `(expected ${num(expected(s, size))})${quarter}.`;
    const others = [[0, 1], [2, 256]].filter(([, b]) => b !== size).map(([i, b]) => `${b === 1 ? "*B* = 1" : "all 256 at once"}: ${runs[i].length} steps, ${num(hover[i], 2)}`);
    return `${one} For the same 2048 examples *B* = ${size} takes ${runs[1].length} steps ` +
      `and comes to ${num(hover[1], 2)} above the least loss (mean of the last quarter); ${others.join("; ")}.`;
  });

  /** At most some hundred points, evenly over the logarithmic axis. */
  function thin(points) {
    let next = 0;
    return points.filter(([x], i) => {
      if (i < points.length - 1 && x < next) return false;
      next = x * 1.012;
      return true;
    });
  }
});
