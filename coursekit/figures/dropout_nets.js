// How many networks are in one?
//
// Two to the number of units: each mask is a network, and all share their weights. Nobody can ask them all, but one
// network with all units answers about as they do on average, provided that the kept units are rescaled.

import { box, clamp, dot, figure, line, linspace, max, mean, num, random, range, relu, rule, sum, text } from "kit";

const UNITS = 6; // in each of the two hidden layers
const MOST = 300; // masks
const LOW = -1.5;
const HIGH = 4.5;
const BINS = 30;
const GRID = linspace(-2, 2, 61);
const ALL = [Array(UNITS).fill(1), Array(UNITS).fill(1)];

/** The network's output, its hidden units multiplied by what the masks say. */
function output({ w1, b1, w2, b2, w3, b3 }, x, [first, second]) {
  let y = b3;
  for (let i = 0; i < UNITS; i++) {
    if (!second[i]) continue;
    let z = b2[i];
    for (let j = 0; j < UNITS; j++) if (first[j]) z += w2[i][j] * first[j] * relu(w1[j] * x + b1[j]);
    y += w3[i] * second[i] * relu(z);
  }
  return y;
}
const factor = ({ p, rescale }) => (rescale ? 1 / Math.max(1 - p, 0.01) : 1);

/** The mean over all masks: over the first layer's 64 one by one; after the second layer all is linear. */
function expectation(s) {
  let total = 0;
  for (let mask = 0; mask < 2 ** UNITS; mask++) {
    const kept = range(UNITS).map((j) => (mask >> j) & 1);
    const chance = kept.reduce((product, one) => product * (one ? 1 - s.p : s.p), 1);
    total += chance * output(s, s.x, [kept.map((one) => one * factor(s)), Array(UNITS).fill((1 - s.p) * factor(s))]);
  }
  return total;
}

export default figure("How many networks are in one?", (f) => {
  const net = f.plot({ name: "The network and what the mask leaves of it", title: "this mask", x: [-0.35, 3.35],
    y: [-0.6, 5.6], aspect: 0.864, least: 200 });
  const curves = f.plot({
    name: "The masks' networks as functions", title: "their functions", x: [-2, 2], y: [LOW, HIGH], xLabel: "*x*",
      yLabel: "output", aspect: 1, grow: 1.2, least: 230,
  });
  const pile = f.plot({ name: "Outputs at the marked input", title: "at this *x*", y: [LOW, HIGH], xTicks: 2,
    xLabel: "masks", aspect: 0.558, phone: 1.4, grow: 0.6, least: 130 });

  const count = (s) => clamp(Math.round(s.draws), 1, MOST);
  const cache = {};
  /** The masks drawn so far: 0 or the factor, for each unit. The same uniforms for each p, so that masks are nested. */
  function masks(s) {
    if (cache.seed !== s.seed) {
      const draw = random(s.seed);
      Object.assign(cache, { seed: s.seed, uniforms: range(MOST).map(() => [0,
        1].map(() => range(UNITS).map(() => draw.uniform()))) });
    }
    return cache.uniforms.slice(0, count(s)).map((layers) => layers.map((units) =>
      units.map((u) => (u < s.p ? 0 : factor(s)))));
  }

  f.handle(curves, {
    label: "The input *x*",
    at: (s) => [s.x, output(s, s.x, ALL)],
    move: ([x]) => f.set({ x: clamp(Math.round(x * 20) / 20, -2, 2) }),
    step: 0.05,
    color: "blue",
    words: (s) => `x ${num(s.x)}: the whole network answers ${num(output(s, s.x, ALL))}`,
  });
  f.player({ step: (s) => f.set({ draws: count(s) + 1 }), done: (s) => count(s) >= MOST, every: 90,
    label: "Draw a mask" });
  f.slider("p", { label: "dropped: *p*", min: 0, max: 0.8, step: 0.05 });
  f.toggle("rescale", { label: "multiply kept units by 1/(1 − *p*)" });
  f.button("Start again", (s) => f.set({ seed: (s.seed + 1) % 1000, draws: 1 }));
  f.predict({
    ask: "With all 12 units the network answers 1.83 at the marked x. Where will the mean over many masks be?",
    choices: ["At about 1.83: errors cancel", "Clearly lower", "Clearly higher"],
    right: 1,
    because: "Each sum misses half of its terms, in two layers. Multiply the kept units by 1/(1 − *p*), and the mean comes back.",
    when: (s) => count(s) >= 30 && !s.rescale && Math.abs(s.x - 0.75) < 0.01 && s.p > 0.3,
  });

  f.update((s) => {
    const drawn = masks(s);
    const outputs = drawn.map((mask) => output(s, s.x, mask));
    const whole = output(s, s.x, ALL);
    const average = mean(outputs);
    const spread = Math.sqrt(mean(outputs.map((y) => (y - average) ** 2)));
    const every = expectation(s);
    const last = drawn.at(-1);
    const kept = sum(last.flat().map((one) => (one ? 1 : 0)));
    const different = new Set(drawn.map((mask) => mask.flat().map((one) => (one ? 1 : 0)).join(""))).size;
    f.read({ whole, average, spread, every, last: outputs.at(-1), kept, different });

    const place = (layer, j) => (layer === 0 || layer === 3 ? [layer, 2.5] : [layer, 5 - j]);
    const edge = (a, b, weight, there) =>
      line([a, b], { color: there ? (weight > 0 ? "blue" : "vermilion") : "faint",
        width: there ? 0.6 + 1.6 * Math.abs(weight) : 0.6, opacity: there ? 0.75 : 0.5 });
    const units = range(UNITS);
    net.draw([
      units.map((j) => edge(place(0), place(1, j), s.w1[j], last[0][j])),
      units.map((i) => units.map((j) => edge(place(1, j), place(2, i), s.w2[i][j], last[0][j] && last[1][i]))),
      units.map((i) => edge(place(2, i), place(3), s.w3[i], last[1][i])),
      [0, 1].map((l) => units.map((j) => (last[l][j] ? dot(place(l + 1, j), { color: "ink", r: 8 }) : [
        dot(place(l + 1, j), { color: "faint", r: 8, hollow: true }),
          dot(place(l + 1, j), { color: "muted", r: 4, shape: "cross" }),
      ]))),
      [0, 3].map((l) => dot(place(l), { color: "muted", r: 8 })),
    ]);
    net.drawOver([text(place(0), "*x*", { dy: -18 }), text(place(3), "*y*", { dy: -18 }),
      text([1.5, -0.45], `${kept} of 12 units kept`, { color: "muted", size: 12 })]);

    const recent = drawn.slice(-40);
    const weights = { w1: s.w1, b1: s.b1, w2: s.w2, b2: s.b2, w3: s.w3, b3: s.b3 }; // read once, not in each sum
    const means = cache.key === JSON.stringify([s.seed, s.p, s.rescale, count(s)]) ? cache.means
      : GRID.map((x) => mean(drawn.map((mask) => output(weights, x, mask))));
    Object.assign(cache, { key: JSON.stringify([s.seed, s.p, s.rescale, count(s)]), means });
    const along = (f) => GRID.map((x, i) => [x, f(x, i)]);
    curves.draw([
      rule({ x: s.x, color: "muted", dash: true }),
      recent.slice(0, -1).map((mask) => line(along((x) => output(weights, x, mask)),
        { color: "muted", width: 0.8, opacity: 0.35 })),
      line(along((x) => output(s, x, last)), { color: "ink", width: 1.6 }),
      line(along((_, i) => means[i]), { color: "orange", width: 3, dash: "7 3" }),
      line(along((x) => output(s, x, ALL)), { color: "blue", width: 2.5 }),
      dot([s.x, outputs.at(-1)], { color: "ink", r: 4 }),
    ]);

    const counts = Array(BINS).fill(0);
    const wide = (HIGH - LOW) / BINS;
    for (const y of outputs) counts[clamp(Math.floor((y - LOW) / wide), 0, BINS - 1)]++;
    pile.x = [0, Math.max(5, max(counts)) * 1.05];
    pile.layout();
    pile.draw([
      counts.map((n, i) => n > 0 && box([0, LOW + i * wide], [n, LOW + (i + 1) * wide],
        { color: "muted", opacity: 0.45, stroke: "paper" })),
      rule({ y: average, color: "orange", width: 3, dash: "7 3" }),
      rule({ y: whole, color: "blue", width: 2.5 }),
    ]);
    const apart = Math.abs(whole - average) < 0.4;
    const up = whole >= average ? 1 : -1;
    pile.drawOver([
      text([pile.x[1], whole], `all units ${num(whole)}`,
        { color: "blue", anchor: "end", size: 12, dy: -9 * up - (apart ? 3 * up : 0) }),
      text([pile.x[1], average], `mean ${num(average)}`,
        { color: "orange", anchor: "end", size: 12, dy: 9 * up + (apart ? 3 * up : 0) }),
    ]);

    const many = count(s) === 1
      ? `One mask of 2^{12} = 4,096: it keeps ${kept} of 12 units and answers ${num(outputs[0])}`
        : `${count(s)} masks drawn, ${different} different of 4,096; their mean is ${num(average)} ± ${num(spread, 2)}`;
    if (count(s) < 30) return `${many}, the whole network ${num(whole)}. Draw more.`;
    const near = Math.abs(every - whole) < 0.15 * Math.max(1, Math.abs(whole));
    const otherwise = s.rescale ? "not quite the whole network’s: two layers are not linear"
      : "far from the whole network’s, whose sums have more terms";
    return `${many}, the whole network ${num(whole)}. The mean over all masks is ${num(every)}, ${near ? "so the one network stands for them all" : otherwise}.`;
  });
});
