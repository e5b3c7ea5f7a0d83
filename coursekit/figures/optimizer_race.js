// Which optimizer gets there first, and where does each fail?
//
// SGD and momentum step in proportion to the slope: they fly away where it is steep and creep where it is flat.
// AdaGrad, RMSProp and Adam divide the slope out: their step is about the learning rate, on the cliff and on the ridge; so
// they are slow on an easy bowl.

import { arrow, clamp, contours, dot, figure, line, norm, num, range, rule, sum, text } from "kit";

const MOST = 120; // steps
const LOST = 100; // so far out
const CLOSE = 0.01; // above the minimum: arrived
const [LOW, TOP] = [1e-6, 1e3]; // of the chart
const LANDS = {
  bowl: { f: (x, y) => (x * x + y * y) / 2, slope: (x, y) => [x, y], minima: [[0, 0]], lowest: 0 },
  ravine: { f: (x, y) => ((x * x) / 25 + y * y) / 2, slope: (x, y) => [x / 25, y], minima: [[0, 0]], lowest: 0 },
  saddle: {
    f: (x, y) => (x * x - y * y) / 2 + y ** 4 / 8,
    slope: (x, y) => [x, -y + (y * y * y) / 2],
    minima: [[0, -Math.SQRT2], [0, Math.SQRT2]],
    lowest: -0.5,
  },
  beale: {
    f: (x, y) => sum([[1.5, y], [2.25, y * y], [2.625, y * y * y]].map(([c, p]) => (c - x + x * p) ** 2)),
    slope(x, y) {
      const parts = [[1.5, y, 1], [2.25, y * y, 2 * y],
        [2.625, y * y * y, 3 * y * y]].map(([c, p, q]) => [2 * (c - x + x * p), p - 1, x * q]);
      return [sum(parts.map(([a, p]) => a * p)), sum(parts.map(([a, , q]) => a * q))];
    },
    minima: [[3, 0.5]],
    lowest: 0,
  },
};
const NAMES = Object.keys(LANDS);

// A rule turns a gradient g into the change of one coordinate; m and v are what it remembers of it.
const RULES = [
  { name: "SGD", color: "blue", shape: "disk", rule: (g, k, rate) => -rate * g },
  { name: "momentum", color: "purple", dash: "6 3", shape: "square",
    rule: (g, k, rate) => -rate * (k.m = 0.9 * k.m + g) },
  { name: "Nesterov", color: "sky", dash: "8 3 2 3", shape: "diamond",
    rule: (g, k, rate) => -rate * (g + 0.9 * (k.m = 0.9 * k.m + g)) },
  { name: "AdaGrad", color: "muted", dash: "2 4", shape: "square",
    rule: (g, k, rate) => (-rate * g) / (Math.sqrt((k.v += g * g)) + 1e-10) },
  { name: "RMSProp", color: "vermilion", dash: "10 3", shape: "triangle",
    rule: (g, k, rate) => (-rate * g) / (Math.sqrt((k.v = 0.99 * k.v + 0.01 * g * g)) + 1e-8) },
  {
    name: "Adam", color: "orange", shape: "disk",
    rule(g, k, rate, t) {
      k.m = 0.9 * k.m + 0.1 * g;
      k.v = 0.999 * k.v + 0.001 * g * g;
      return (-rate * k.m) / (1 - 0.9 ** t) / (Math.sqrt(k.v / (1 - 0.999 ** t)) + 1e-8);
    },
  },
];

/** The whole race of one: places, losses above the minimum, when it arrived (or −1), whether it is lost. */
function run({ rule }, s, start) {
  const { f, slope, lowest } = LANDS[s.landscape];
  const memory = [0, 1].map(() => ({ m: 0, v: 0 }));
  const trail = [start];
  for (let t = 1; t <= MOST && norm(trail.at(-1)) < LOST; t++) {
    const p = trail.at(-1);
    const g = slope(...p);
    trail.push(p.map((x, i) => x + rule(g[i], memory[i], s.rate, t)));
  }
  const losses = trail.map((p) => f(...p) - lowest);
  return { trail, losses, arrived: losses.findIndex((loss) => loss < CLOSE), lost: norm(trail.at(-1)) >= LOST };
}

let rings; // contour lines, for the landscape and the part of it that they are of
function landscape(name, { x, y }) {
  const key = JSON.stringify([name, x, y]);
  if (rings?.key === key) return rings.lines;
  const [columns, rows] = [72, 62];
  const at = ([i, j]) => [x[0] + (i / columns) * (x[1] - x[0]), y[0] + (j / rows) * (y[1] - y[0])];
  const { f, lowest } = LANDS[name];
  const values = range(columns * rows).map((k) =>
    Math.log(f(...at([(k % columns) + 0.5, Math.floor(k / columns) + 0.5])) - lowest + 0.02));
  const found = contours().size([columns, rows]).thresholds(range(-3.2, 10, 0.9))(values);
  const inner = ([i, j]) => i > 0 && i < columns && j > 0 && j < rows;
  const lines = found.flatMap(({ coordinates }) =>
    coordinates.flat().map((ring) => ring.map((p) => (inner(p) ? at(p) : [NaN, NaN]))));
  rings = { key, lines };
  return lines;
}

export default figure("Which optimizer gets there first, and where does each fail?", (f) => {
  const map = f.plot({
    name: "The landscape and six paths", title: "loss from above: drag the start", equal: true, aspect: 1.12,
    grow: 1.2, least: 300,
    xLabel: "*x*", yLabel: "*y*",
  });
  const chart = f.plot({
    name: "Loss above the minimum after each step", title: "loss above the minimum", x: [-3, MOST * 1.8],
    y: [LOW, TOP], yLog: true,
    xTicks: [0, 40, 80, 120], yTicks: [1e-6, 1e-4, 1e-2, 1, 100], yFormat: (v) => (v === 1 ? "1" : `10^{${String(Math.round(Math.log10(v))).replace("-", "−")}}`),
    aspect: 0.92, phone: 1.1, least: 250, xLabel: "step", yLabel: "",
  });

  const place = (s) => NAMES.indexOf(s.landscape);
  const begin = (s) => s.starts[place(s)];
  f.handle(map, {
    label: "Start",
    at: begin,
    move: (p, s) => f.set({ starts: s.starts.map((old, k) => (k === place(s) ? p.map((x) => +x.toFixed(2)) : old)) }),
  });
  f.player({ step: (s) => f.set({ step: Math.min(s.step + 1, MOST) }), done: (s) => s.step >= MOST, every: 70 });
  f.slider("step", { label: "steps", min: 0, max: MOST, step: 1 });
  f.slider("rate", { label: "learning rate", min: 0.001, max: 1, step: 0.05, log: true });
  f.choice("landscape", { label: "landscape",
    options: [["bowl", "bowl"], ["ravine", "ravine"], ["saddle", "saddle"], ["beale", "Beale"]] });
  f.predict({
    ask: "The start is on a steep slope, and all six have the learning rate 0.1. Who flies away in the first steps?",
    choices: ["Nobody: 0.1 is a small rate", "SGD and the two momentums", "RMSProp and Adam, the boldest"],
    right: 1,
    because: "Their step is the rate times the slope, and the slope is large here. The others divide the slope out.",
    when: (s) => s.landscape === "beale" && s.step >= 3,
  });

  f.update((s) => {
    const land = LANDS[s.landscape];
    const start = begin(s);
    const runs = RULES.map((one) => run(one, s, start));
    const now = runs.map((r) => Math.min(s.step, r.trail.length - 1));
    f.read({
      places: runs.map((r, i) => r.trail[now[i]]),
      losses: runs.map((r, i) => r.losses[now[i]]),
      arrived: runs.map((r) => r.arrived),
      lost: runs.map((r) => r.lost),
      hundred: runs.map((r) => r.trail[Math.min(100, r.trail.length - 1)]),
    });

    Object.assign(map, s.landscape === "beale" ? { x: [-0.6, 4.4], y: [-1.9, 2.5] } : { x: [-4, 4], y: [-3.5, 3.5] });
    map.layout();
    map.draw([
      landscape(s.landscape, map.shown).map((ring) => line(ring, { color: "faint", width: 1 })),
      land.minima.map((p) => dot(p, { color: "green", shape: "diamond", r: 7 })),
      s.step === 0 && norm(land.slope(...start)) > 0 && downhill(start, land.slope(...start)),
      runs.map((r, i) => line(r.trail.slice(0, now[i] + 1), { ...RULES[i], width: 2 })),
      runs.map((r, i) => s.step > 0 && dot(r.trail[now[i]], { color: RULES[i].color, shape: RULES[i].shape, r: 5 })),
    ]);

    const shown = (loss) => clamp(Number.isFinite(loss) ? loss : TOP, LOW, TOP);
    chart.draw([
      rule({ y: CLOSE, color: "green", dash: true }),
      runs.map((r, i) => line(r.losses.slice(0, now[i] + 1).map((loss, t) => [t, shown(loss)]),
        { ...RULES[i], width: 2 })),
      runs.map((r, i) => dot([now[i], shown(r.losses[now[i]])],
        { color: RULES[i].color, shape: RULES[i].shape, r: 4.5 })),
    ]);
    // The names right of the lines, from the top down and apart, all inside the plot.
    const order = range(6).sort((i, j) => shown(runs[j].losses[now[j]]) - shown(runs[i].losses[now[i]]));
    let above = chart.inner.top - 12;
    const heights = order.map((i, k) => {
      const own = chart.Y(shown(runs[i].losses[now[i]]));
      return (above = Math.min(Math.max(own, above + 16), chart.inner.bottom - 16 * (order.length - k)));
    });
    const until = (r) => r.lost && s.step >= r.trail.length - 1 ? ": lost" : r.arrived >= 0 && r.arrived <= s.step ? `: ${r.arrived}` : "";
    chart.drawOver(
      order.map((i, k) =>
        text([Math.max(s.step, 12), TOP], RULES[i].name + until(runs[i]),
          { color: RULES[i].color, anchor: "start", dx: 9, dy: heights[k] - chart.Y(TOP), size: 12, weight: 600 }),
      ),
    );

    const slope = norm(land.slope(...start));
    const first = runs.map((r) => num(norm(r.trail[1].map((x, i) => x - start[i])), 2));
    const home = order.filter((i) => runs[i].arrived >= 0
      && runs[i].arrived <= s.step).sort((i, j) => runs[i].arrived - runs[j].arrived);
    const gone = range(6).filter((i) => runs[i].lost && s.step >= runs[i].trail.length - 1);
    const arrived = home.length ? `arrived: ${home.map((i) => `${RULES[i].name} ${runs[i].arrived}`).join(", ")}.` : "nobody has arrived.";
    const away = gone.length ? ` Lost: ${gone.map((i) => RULES[i].name).join(", ")}.` : "";
    const after = ` After ${s.step} steps ${arrived}${away}`;
    if (!s.step) return `The slope at the start is ${num(slope)}, and all six have the learning rate ${num(s.rate)}. Play!`;
    return `The slope at the start is ${num(slope)}, so SGD’s first step is ${first[0]} long; ` +
      `AdaGrad’s ${first[3]}, RMSProp’s ${first[4]}, Adam’s ${first[5]}.${after}`;
  });

  /** The way downhill at the start, of one length whatever the slope. */
  function downhill(p, g) {
    return arrow(p, [p[0] - (0.8 * g[0]) / norm(g), p[1] - (0.8 * g[1]) / norm(g)], { width: 2.5 });
  }
});
