// Why random rather than a grid?
//
// Nine trials on a grid try three values of the parameter that matters, three times each. Nine random ones try nine.
// Seen along that parameter the grid has thrown away two thirds of its trials, and nobody knows beforehand which one.

import { box, clamp, dot, figure, line, mean, num, path, percent, random, range, raster, sequential, text } from "kit";

const MOST = 2000; // tasks
const bump = (d) => Math.exp(-0.5 * (d / 0.1) ** 2);
const score = (w, [a, b], peak) => (1 - w) * bump(a - peak[0]) + w * bump(b - peak[1]);

const GRIDS = Object.fromEntries([2, 3, 4, 5].map((side) => {
  const places = range(side).map((i) => (i + 0.5) / side);
  return [side * side, places.flatMap((b) => places.map((a) => [a, b]))];
}));
const gridOf = (trials) => GRIDS[trials] ?? GRIDS[9];

export default figure("Why random rather than a grid?", (f) => {
  const axes = { x: [0, 1], y: [0, 1], xTicks: [0, 0.5, 1], yTicks: [0, 0.5, 1] };
  const plane = f.plot({ ...axes, name: "All settings and both searches", title: "the settings tried",
    xLabel: "*a*: learning rate, say", yLabel: "*b*: weight decay, say", aspect: 1, least: 240 });
  const along = f.plot({ ...axes, y: [0, 1.12], name: "Scores along the first parameter", title: "seen along *a*",
    xLabel: "*a*", yLabel: "score", aspect: 1, least: 240 });
  const tally = f.plot({ x: [0, 1], y: [0, 1], name: "Which search was better", title: "this task", aspect: 9, phone: 5,
    least: 300 });

  const cache = {};
  /** Task number i: its peak and 25 random settings, of which the first are used. */
  function task(s, i) {
    if (cache.seed !== s.seed) Object.assign(cache, { seed: s.seed, tasks: [], key: undefined });
    if (!cache.tasks[i]) {
      const draw = random(s.seed * 10000 + i);
      cache.tasks[i] = { peak: [draw.uniform(), draw.uniform()],
        settings: range(25).map(() => [draw.uniform(), draw.uniform()]) };
    }
    return cache.tasks[i];
  }
  /** [best of the grid, best of random] of a task, or for another peak. */
  function best(s, i, peak = task(s, i).peak) {
    const { weight, trials } = s;
    const of = (settings) => settings.slice(0, trials).reduce((most, each) => Math.max(most, score(weight, each, peak)),
      0);
    return [of(gridOf(trials)), of(task(s, i).settings)];
  }
  const now = (s) => clamp(Math.round(s.task), 1, MOST);
  function results(s) {
    task(s, 1);
    const key = `${s.weight} ${s.trials}`;
    if (cache.key !== key) Object.assign(cache, { key, results: [] });
    while (cache.results.length < now(s)) cache.results.push(best(s, cache.results.length + 1));
    return cache.results.slice(0, now(s));
  }
  const go = (s, steps) => {
    const next = Math.min(now(s) + steps, MOST);
    f.set({ task: next, peak: task(s, next).peak.map((x) => Math.round(1000 * x) / 1000) });
  };

  f.handle(plane, {
    label: "The peak",
    at: (s) => s.peak,
    move: (peak) => f.set({ peak }),
    step: 0.01,
    color: "green",
    words: (s) => `a ${num(s.peak[0])}, b ${num(s.peak[1])}`,
  });
  f.player({ step: (s) => go(s, 1), done: (s) => now(s) >= MOST, every: 300, label: "Next task" });
  f.button("100 tasks more", (s) => go(s, 100), { when: (s) => now(s) < MOST });
  f.slider("weight", { label: "how much *b* matters", min: 0, max: 1, step: 0.05, format: (w) => percent(w) });
  f.choice("trials", { label: "trials", options: [[4, "4"], [9, "9"], [16, "16"], [25, "25"]] });
  f.predict({
    ask: "Only *a* matters here. In many such tasks, the peak elsewhere each time: how often is the best of 9 random trials better than the best of 9 on the grid?",
    choices: ["In half of them: 9 trials are 9 trials", "In about 7 of 10", "In nearly all"],
    right: 1,
    because: "The grid tries 3 values of *a*, random search 9. The grid wins where the peak happens to be close to one of its columns.",
    when: (s) => now(s) >= 100 && s.weight === 0 && s.trials === 9,
  });

  f.update((s) => {
    const grid = gridOf(s.trials);
    const { settings } = task(s, now(s));
    const drawn = settings.slice(0, s.trials);
    const [ofGrid, ofRandom] = best(s, now(s), s.peak);
    const all = results(s);
    const wins = mean(all.map(([g, r]) => (r > g ? 1 : 0)));
    f.read({ grid: ofGrid, random: ofRandom, wins, meanGrid: mean(all.map(([g]) => g)),
      meanRandom: mean(all.map(([, r]) => r)), columns: new Set(grid.map(([a]) => a)).size });

    const square = (p, options) => dot(p, { color: "purple", shape: "square", r: 5, ...options });
    const disk = (p, options) => dot(p, { color: "blue", r: 5, ...options });
    plane.paint([raster(plane.field((a, b) => score(s.weight, [a, b], s.peak), 50), [0, 0], [1, 1], sequential(0, 2.2),
      { smooth: true })]);
    plane.draw([
      grid.map((p) => [line([p, [p[0], -0.1]], { color: "purple", width: 1, opacity: 0.35 }), square(p)]),
      drawn.map((p) => [line([p, [p[0], -0.1]], { color: "blue", width: 1, opacity: 0.35 }), disk(p)]),
    ]);
    plane.drawOver([text(s.peak, "peak", { color: "green", size: 12, dy: s.peak[1] > 0.9 ? 16 : -16, weight: 600 })]);

    const seen = (p) => [p[0], score(s.weight, p, s.peak)];
    along.draw([
      s.weight < 1 && path((a) => (1 - s.weight) * bump(a - s.peak[0]) + s.weight,
        { color: "green", width: 1.5, dash: true }),
      line([[0, ofGrid], [1, ofGrid]], { color: "purple", width: 1.5 }),
      line([[0, ofRandom], [1, ofRandom]], { color: "blue", width: 1.5 }),
      grid.map((p) => line([[p[0], 0], seen(p)], { color: "purple", width: 1, opacity: 0.5 })),
      drawn.map((p) => line([[p[0], 0], seen(p)], { color: "blue", width: 1, opacity: 0.5 })),
      grid.map((p) => square(seen(p))),
      drawn.map((p) => disk(seen(p))),
    ]);
    const high = ofGrid > ofRandom;
    const left = s.peak[0] > 0.5 ? [0.01, "start"] : [0.99, "end"];
    along.drawOver([
      text([left[0], ofGrid], `grid’s best ${num(ofGrid, 2)}`,
        { color: "purple", anchor: left[1], size: 12, dy: high ? -9 : 10, weight: 600 }),
      text([left[0], ofRandom], `random’s best ${num(ofRandom, 2)}`,
        { color: "blue", anchor: left[1], size: 12, dy: high ? 10 : -9, weight: 600 }),
    ]);

    tally.title = all.length === 1 ? "this task" : `all ${all.length} tasks so far`;
    tally.layout();
    tally.draw([
      box([0, 0.1], [wins, 0.9], { color: "blue", opacity: 0.35 }),
      box([wins, 0.1], [1, 0.9], { color: "purple", opacity: 0.35 }),
      line([[0.5, 0], [0.5, 1]], { color: "ink", width: 1.5, dash: true }),
    ]);
    tally.drawOver([
      wins > 0.35 && text([0, 0.5], `random better: ${percent(wins)}`, { anchor: "start", dx: 8, halo: false }),
      wins < 0.7 && text([1, 0.5], `grid better: ${percent(1 - wins)}`, { anchor: "end", dx: -8, halo: false }),
    ]);

    const sides = Math.round(Math.sqrt(s.trials));
    const only = (name) =>
      `Only *${name}* matters, and of it the grid tries ${sides} values, random search ${s.trials}.`;
    const which = s.weight === 0 ? only("a") : s.weight === 1 ? only("b")
      : `*a* counts ${percent(1 - s.weight)}, *b* ${percent(s.weight)}.`;
    const many = all.length === 1 ? "One task says little: try many."
      : `In ${num(all.length)} tasks random search was better in ${percent(wins)}.`;
    return `${which} Best here: grid ${num(ofGrid, 2)}, random ${num(ofRandom, 2)}. ${many}`;
  });
});
