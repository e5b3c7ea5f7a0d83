// Learning or memorizing?
//
// The training accuracy cannot tell. A network with enough weights gets coin flips right, too: around each point whose
// label is against its neighbors' it raises an island of its own. Only held-out points tell what was learned.

import { clamp, diverging, dot, figure, glyph, line, num, path, percent, random, range, raster, rule, softplus,
  text } from "kit";

const UNITS = 64;
const LAST = 400; // steps
const truth = (x) => 0.8 * Math.sin(1.6 * x);
const side = ([x, y]) => (y > truth(x) ? 1 : -1);

/** Weights as one array: for each hidden unit its two inputs' weights, its bias, and its output's weight; then c. */
function start({ seed, share, points }) {
  const draw = random(seed);
  const w = new Float64Array(4 * UNITS + 1);
  for (let k = 0; k < UNITS; k++) {
    for (let i = 0; i < 3; i++) w[4 * k + i] = 2 * draw.normal();
    w[4 * k + 3] = draw.normal() / Math.sqrt(UNITS);
  }
  const order = draw.permutation(points.length);
  const coins = points.map(() => (draw.uniform() < 0.5 ? 1 : -1));
  const labels = points.map(side);
  for (const i of order.slice(0, Math.round(share * points.length))) labels[i] = coins[i];
  return { labels, history: [w], m: new Float64Array(w.length), v: new Float64Array(w.length), right: [],
    heldOut: new Map() };
}

const tanh = (z) => 1 - 2 / (Math.exp(2 * z) + 1);

function output(w, x, y) {
  let f = w[4 * UNITS];
  for (let k = 0; k < 4 * UNITS; k += 4) f += w[k + 3] * tanh(w[k] * x + w[k + 1] * y + w[k + 2]);
  return f;
}

const hidden = new Float64Array(UNITS);

/** How many points are right now, and one more step of Adam. */
function step(run, points, rate) {
  const old = run.history.at(-1);
  const w = old.slice();
  const g = new Float64Array(w.length);
  let right = 0;
  points.forEach(([x, y], i) => {
    let f = old[4 * UNITS];
    for (let k = 0; k < UNITS; k++) {
      hidden[k] = tanh(old[4 * k] * x + old[4 * k + 1] * y + old[4 * k + 2]);
      f += old[4 * k + 3] * hidden[k];
    }
    right += f > 0 === run.labels[i] > 0;
    const d = -run.labels[i] / (1 + Math.exp(run.labels[i] * f)) / points.length; // of the loss by f
    for (let k = 0; k < UNITS; k++) {
      const e = d * old[4 * k + 3] * (1 - hidden[k] ** 2);
      g[4 * k] += e * x;
      g[4 * k + 1] += e * y;
      g[4 * k + 2] += e;
      g[4 * k + 3] += d * hidden[k];
    }
    g[4 * UNITS] += d;
  });
  const t = run.history.length;
  const [a, b] = [1 - 0.9 ** t, 1 - 0.999 ** t];
  for (let j = 0; j < w.length; j++) {
    run.m[j] = 0.9 * run.m[j] + 0.1 * g[j];
    run.v[j] = 0.999 * run.v[j] + 0.001 * g[j] * g[j];
    w[j] -= (rate * (run.m[j] / a)) / (Math.sqrt(run.v[j] / b) + 1e-8);
  }
  run.history.push(w);
  run.right.push(right / points.length);
}

export default figure("Learning or memorizing?", (f) => {
  const square = { x: [-2.1, 2.1], y: [-2.1, 2.1], aspect: 1 };
  const plane = f.plot({ ...square, name: "Training points and what the network answers", title: "60 training points",
    xLabel: "*x*_1", yLabel: "*x*_2", least: 260 });
  const curves = f.plot({
    name: "Accuracy over training", title: "right answers", x: [0, LAST], y: [0.3, 1.13], aspect: 1, least: 240,
    xLabel: "steps of training", yLabel: "accuracy (%)", yFormat: (x) => num(100 * x),
      yTicks: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  });

  const runs = new Map(); // training so far, by what it depends on
  function trained(s, steps) {
    const key = JSON.stringify([s.seed, s.share, s.rate, s.points]);
    if (!runs.has(key)) {
      if (runs.size > 30) runs.clear();
      runs.set(key, start(s));
    }
    const run = runs.get(key);
    while (run.right.length <= steps) step(run, s.points, s.rate);
    return run;
  }
  function heldOut(s, run, t) {
    if (!run.heldOut.has(t)) {
      run.heldOut.set(t, s.held.filter(([x, y]) => output(run.history[t], x,
        y) > 0 === side([x, y]) > 0).length / s.held.length);
    }
    return run.heldOut.get(t);
  }
  const now = (s) => clamp(Math.round(s.steps), 0, LAST);

  f.slider("share", { label: "labels that are coin flips", min: 0, max: 1, step: 0.05, format: (x) => percent(x) });
  f.player({ step: (s) => f.set({ steps: Math.min(now(s) + 5, LAST) }), done: (s) => now(s) >= LAST, every: 60,
    label: "Train 5 steps" });
  f.slider("steps", { label: "steps", min: 0, max: LAST, step: 5 });
  f.button("New coins", (s) => f.set({ seed: (s.seed + 1) % 1000 }));
  f.predict({
    ask: "All 60 labels are coin flips: there is nothing to learn. How many of them will the trained network get right?",
    choices: ["About half", "About three quarters", "All of them"],
    right: 2,
    because: "257 weights can bend the boundary around 60 points, whatever their labels; held out, it is right on about half.",
    when: (s) => s.share === 1 && trained(s, now(s)).right[now(s)] === 1,
  });

  f.update((s) => {
    const t = now(s);
    const run = trained(s, t);
    const w = run.history[t];
    const { labels } = run;
    const [train, held] = [run.right[t], heldOut(s, run, t)];
    const against = s.points.map((p, i) => labels[i] !== side(p));
    const wrong = against.filter(Boolean).length;
    const loss = s.points.reduce((total, [x, y], i) => total + softplus(-labels[i] * output(w, x, y)),
      0) / s.points.length;
    const first = run.right.findIndex((share) => share === 1);
    const fitted = first <= t ? first : -1;
    f.read({ train, held, loss, wrong, fitted, middle: output(w, 0, 0) });

    plane.paint([raster(plane.field((x, y) => Math.tanh(output(w, x, y) / 2), 60), [plane.shown.x[0], plane.shown.y[0]],
      [plane.shown.x[1], plane.shown.y[1]], diverging(1.8))]);
    plane.draw([
      path(truth, { color: "green", width: 2.5, dash: true }),
      s.points.map((p, i) => glyph(p, labels[i], { ring: against[i] ? "orange" : undefined, r: against[i] ? 5.5 : 5 })),
    ]);
    plane.drawOver([text([1.98, truth(1.98) - 0.42], "truth", { color: "green", size: 12, anchor: "end" })]);
    const upTo = [...range(0, t, 10), t];
    curves.draw([
      rule({ y: 0.5, color: "muted", dash: true }),
      rule({ y: 1, color: "faint" }),
      line(upTo.map((i) => [i, run.right[i]]), { color: "blue", width: 2.5 }),
      line(upTo.map((i) => [i, heldOut(s, run, i)]), { color: "vermilion", width: 2.5, dash: "6 3" }),
      dot([t, train], { color: "blue", r: 6 }),
      dot([t, held], { color: "vermilion", r: 5, shape: "diamond" }),
    ]);
    const label = (value, other, words, color) => {
      const late = t > LAST * 0.6;
      const above = value >= other;
      const dy = late ? (above || other - value > 0.1 ? -13 : 15) : Math.abs(value - other) < 0.07 ? (above ? -11 : 11) : 0;
      return text([t, value], words, { color, anchor: late ? "end" : "start", dx: late ? -4 : 11, dy, weight: 600 });
    };
    curves.drawOver([
      label(train, held, `training ${percent(train)}`, "blue"),
      label(held, train - 1e-9, `held out ${percent(held)}`, "vermilion"),
      text([LAST, 0.5], "chance", { color: "muted", size: 12, anchor: "end", dy: 9 }),
    ]);

    const count = Math.round(train * s.points.length);
    const coins = wrong ? `${wrong} labels (ringed orange) are against the truth. ` : "All labels are true. ";
    if (!t) return `${coins}Untrained, the network is right on ${count} of ${s.points.length}. Train it.`;
    const all = fitted >= 0
      ? `All ${s.points.length} training points are right${fitted < t ? ` since step ${fitted}` : ""}`
        : `${count} of ${s.points.length} training points are right`;
    const end = !wrong ? "It learned." : held < 0.65 ? "It memorized."
      : "The islands are memorized, the rest is learned.";
    return `${coins}${all}, and ${percent(held)} of the ${s.held.length} held-out ones; loss ${num(loss)}. ${fitted >= 0 ? end : ""}`;
  });
});
