// When is enough enough?
//
// When validation says so, and that takes patience: its loss wiggles, and a better epoch may come after some worse
// ones. Train on, and the fit turns to the noise. Nothing is lost by having waited if the best weights were kept.

import { argmax, clamp, dot, dot2, figure, line, linspace, mean, min, num, path, random, range, rule, text } from "kit";

const [TRAIN, VALIDATION, FEATURES, LAST] = [24, 16, 28, 200];
const truth = (x) => 0.8 * Math.sin(2.5 * x) + 0.6 * Math.sin(10 * x + 0.5);
const features = (x) => range(FEATURES).map((k) => Math.cos((k * Math.PI * (x + 1)) / 2) / (1 + k / 4) ** 2);
const GRID = linspace(-1, 1, 161);
const ON_GRID = GRID.map(features);

/** All epochs of training: the points, and after each epoch the weights and both losses. */
function train({ seed, noise }) {
  const draw = random(seed);
  const [x, vx] = [TRAIN, VALIDATION].map((n) => range(n).map((i) => (2 * (i + draw.uniform())) / n - 1));
  const [y, vy] = [x, vx].map((xs) => xs.map((each) => truth(each) + noise * draw.normal()));
  const [a, va] = [x, vx].map((xs) => xs.map(features));
  const loss = (rows, ys, w) => mean(rows.map((row, i) => (dot2(row, w) - ys[i]) ** 2));
  let w = Array(FEATURES).fill(0);
  const epochs = [];
  for (let e = 0; e <= LAST; e++) {
    epochs.push({ w: [...w], loss: loss(a, y, w), validation: loss(va, vy, w) });
    const order = draw.permutation(TRAIN);
    for (let b = 0; b < TRAIN; b += 2) {
      const [i, j] = [order[b], order[b + 1]];
      const [di, dj] = [dot2(a[i], w) - y[i], dot2(a[j], w) - y[j]];
      w = w.map((v, k) => v - 0.1 * (di * a[i][k] + dj * a[j][k]));
    }
  }
  return { x, y, vx, vy, epochs, losses: epochs.map((each) => each.validation) };
}

/** The epoch in which patience is used up, or −1. */
function stops(losses, patience) {
  let best = 1;
  for (let e = 2; e < losses.length; e++) {
    if (losses[e] < losses[best]) best = e;
    else if (e - best >= patience) return e;
  }
  return -1;
}
/** The best epoch, from the first up to `last`. */
const least = (losses, last) => 1 + argmax(losses.slice(1, last + 1).map((v) => -v));

export default figure("When is enough enough?", (f) => {
  const fit = f.plot({ name: "Points and the fitted curve", title: "the fit", x: [-1, 1], y: [-2.1, 2.1], xLabel: "*x*",
    yLabel: "*y*", aspect: 1.1, least: 260 });
  const curves = f.plot({
    name: "Loss over the epochs", title: "losses", x: [1, LAST], xLog: true, xTicks: [1, 2, 5, 10, 20, 50, 100, 200],
      y: [0.02, 2], yLog: true, yTicks: [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
    xLabel: "epoch", yLabel: "mean squared error", aspect: 1.1, least: 260,
  });
  const cache = {};
  function run(s) {
    const key = `${s.seed} ${s.noise}`;
    if (cache.key !== key) Object.assign(cache, { key, run: train(s) });
    return cache.run;
  }
  const now = (s) => clamp(Math.round(s.epoch), 1, LAST);

  f.handle(curves, {
    label: "Stop at this epoch",
    at: (s) => [now(s), run(s).losses[now(s)]],
    move: ([x]) => f.set({ epoch: clamp(Math.round(x), 1, LAST) }),
    step: 1,
    words: (s) => `epoch ${now(s)}, validation loss ${num(run(s).losses[now(s)])}`,
  });
  f.player({ step: (s) => f.set({ epoch: now(s) + 1 }), done: (s) => now(s) >= LAST, every: 50, label: "One epoch" });
  f.slider("patience", { label: "patience", min: 1, max: 40, step: 1, format: (n) => `${n} ep.` });
  f.toggle("restore", { label: "show the best weights so far" });
  f.button("New points", (s) => f.set({ seed: (s.seed + 1) % 1000 }));
  f.predict({
    ask: "For 3 epochs the validation loss has not become better. Is it time to stop?",
    choices: ["Yes: from here on the network overfits", "No: a much better epoch is still to come",
      "It makes no difference: the loss has settled"],
    right: 1,
    because: "It wiggles as it falls. The curve has not yet found the waves of the points; the best epoch is the 50th. After that it does overfit.",
    when: (s) => s.seed === 23 && now(s) >= 60,
  });

  f.update((s) => {
    const { x, y, vx, vy, epochs, losses } = run(s);
    const e = now(s);
    const best = least(losses, e);
    const stop = stops(losses, s.patience);
    const kept = stop < 0 ? -1 : least(losses, stop);
    const shown = s.restore ? best : e;
    const { w } = epochs[shown];
    const curve = ON_GRID.map((row) => dot2(row, w));
    const error = mean(curve.map((value, i) => (value - truth(GRID[i])) ** 2));
    f.read({ training: epochs[e].loss, validation: losses[e], best, stop, kept, shown, error });

    fit.draw([
      path(truth, { color: "green", width: 2, dash: true }),
      line(GRID.map((at, i) => [at, curve[i]]), { color: "blue", width: 2.5 }),
      vx.map((at, i) => dot([at, vy[i]], { color: "vermilion", shape: "diamond", hollow: true, r: 4 })),
      x.map((at, i) => dot([at, y[i]], { color: "ink", r: 4 })),
    ]);
    fit.drawOver([
      text([-0.95, -1.8], "● training", { size: 12, anchor: "start" }),
      text([-0.35, -1.8], "◇ validation", { size: 12, anchor: "start", color: "vermilion" }),
      text([0.95, -1.8], "– – truth", { size: 12, anchor: "end", color: "green" }),
      text([0.95, 1.9], shown === e ? `epoch ${e}` : `best so far: epoch ${shown}`,
        { color: "blue", anchor: "end", weight: 600 }),
    ]);

    const past = range(1, e + 1);
    const over = stop >= 0 && stop <= e;
    curves.draw([
      e < LAST && rule({ x: e, color: "faint", dash: true }),
      line(past.map((i) => [i, epochs[i].loss]), { color: "ink", width: 2 }),
      line(past.map((i) => [i, losses[i]]), { color: "vermilion", width: 2 }),
      over && line([[kept, losses[kept]], [stop, losses[kept]]], { color: "orange", width: 4 }),
      over && line([[stop, 0.02], [stop, 1.1]], { color: "orange", width: 2, dash: true }),
      dot([best, losses[best]], { color: "orange", shape: "diamond", r: 6 }),
    ]);
    curves.drawOver([
      over && text([stop, 1.35], `patience ${s.patience} stops here`,
        { color: "orange", size: 12, anchor: stop > 20 ? "end" : "start", dx: stop > 20 ? 4 : -4 }),
      text([1, 0.033], "— training", { size: 12, anchor: "start", dx: 10 }),
      text([1, 0.025], "— validation", { size: 12, anchor: "start", dx: 10, color: "vermilion" }),
      best < e && text([best, losses[best]], `best: ${best}`, { color: "orange", size: 12, dy: 14, dx: -12 }),
    ]);

    const state = `After ${e} epochs the training loss is ${num(epochs[e].loss)}, the validation loss ${num(losses[e])}, `;
    const so = best === e ? "its best so far. " : `its best was ${num(losses[best])} in epoch ${best}. `;
    let end = `Patience ${s.patience} has not run out.`;
    if (over && stop === e) end = `Patience ${s.patience} has just run out: the rule stops here.`;
    else if (over) end = `Patience ${s.patience} would have stopped in epoch ${stop} and kept epoch ${kept} (${num(losses[kept])})${losses[kept] > 1.02 * min(losses) ? ": too early" : ""}.`;
    return `${state}${so}${end} The blue curve, of epoch ${shown}, is off the truth by ${num(error, 2)} (mean square).`;
  });
});
