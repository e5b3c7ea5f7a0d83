// Where does the signal die?
//
// In every deep stack but one at a knife-edge. A layer multiplies the size of what goes through it by about gain/√2
// (ReLU throws away half of the mean square), and fifty layers do it fifty times, forward and backward alike.

import { area, arrow, clamp, figure, line, num, random, range, raster, rule, sequential, text } from "kit";

const [DEPTH, N, BATCH] = [50, 64, 8];
const EDGE = Math.SQRT2;
const [TINY, HUGE] = [2 ** -24, 65504]; // the smallest and the largest number of float16
const [BINS, REACH, POWERS] = [41, 4, 14]; // of the histograms; of the logarithmic axis
const layers = range(1, DEPTH + 1);

let net; // inputs, last gradient and weights of the last seed
function drawn(seed) {
  if (net?.seed === seed) return net;
  const { normal } = random(seed);
  const some = (count, scale = 1) => Float64Array.from({ length: count }, () => scale * normal());
  net = { seed, x: some(BATCH * N), last: some(BATCH * N), weights: layers.map(() => some(N * N, 1 / Math.sqrt(N))) };
  return net;
}

/** z and ∂L/∂z of each layer, with all weights times `gain`. */
function run(seed, tanh, gain) {
  const { x, last, weights } = drawn(seed);
  const z = [];
  const outs = [];
  let a = x;
  for (const w of weights) {
    const next = new Float64Array(BATCH * N);
    for (let b = 0; b < BATCH; b++) {
      for (let i = 0; i < N; i++) {
        let total = 0;
        for (let j = 0; j < N; j++) total += w[i * N + j] * a[b * N + j];
        next[b * N + i] = gain * total;
      }
    }
    z.push(next);
    outs.push((a = next.map(tanh ? Math.tanh : (value) => Math.max(value, 0))));
  }
  const slope = (l) => outs[l].map((value) => (tanh ? 1 - value * value : value > 0 ? 1 : 0));
  const gradients = Array(DEPTH);
  let g = last;
  for (let l = DEPTH - 1; l >= 0; l--) {
    const s = slope(l);
    const dz = (gradients[l] = g.map((value, k) => value * s[k]));
    const w = weights[l];
    g = new Float64Array(BATCH * N);
    for (let b = 0; b < BATCH; b++) {
      for (let i = 0; i < N; i++) {
        const times = gain * dz[b * N + i];
        if (times) for (let j = 0; j < N; j++) g[b * N + j] += w[i * N + j] * times;
      }
    }
  }
  const size = (values, about) => Math.sqrt(values.reduce((total, v) => total + (v - about) ** 2, 0) / values.length);
  const middle = (values) => values.reduce((total, v) => total + v, 0) / values.length;
  return { z, forward: z.map((v) => size(v, middle(v))), backward: gradients.map((v) => size(v, 0)) };
}

let cached = {};
/** The same for a state; of ReLU layers the gain is a factor, so they need to run only once. */
function signal(s) {
  const relu = s.activation === "relu";
  const key = `${s.seed} ${s.activation} ${relu || s.gain}`;
  if (cached.key !== key) cached = { key, ...run(s.seed, !relu, relu ? 1 : s.gain) };
  const { z, forward, backward } = cached;
  const up = layers.map((l) => (relu ? s.gain ** l : 1));
  const down = layers.map((l) => (relu ? s.gain ** (DEPTH - l) : 1));
  return { z, up, forward: forward.map((v, l) => v * up[l]), backward: backward.map((v, l) => v * down[l]) };
}

export default figure("Where does the signal die?", (f) => {
  const axes = {
    x: [0.5, DEPTH + 0.5], xLabel: "layer", xTicks: [1, 10, 20, 30, 40, 50], aspect: 1.05, phone: 1.25, least: 280,
  };
  const values = f.plot({
    ...axes, name: "Histogram of each layer", title: "values *z* in each layer", y: [-REACH, REACH],
    yLabel: "*z*, before the activation", yTicks: [-4, -2, 0, 2, 4],
  });
  const sizes = f.plot({
    ...axes, name: "Size of signal and gradient", title: "size of signal and gradient", y: [-POWERS, POWERS],
    yLabel: "size", yTicks: [-12, -8, -4, 0, 4, 8, 12], yFormat: (t) => (t ? `10^{${num(t)}}` : "1"),
  });

  f.slider("gain", { label: "gain", min: 0.8, max: 2.2, step: 0.01, format: (gain) => gain.toFixed(2) });
  f.choice("activation", { label: "activation", options: [["relu", "ReLU"], ["tanh", "tanh"]] });
  f.button("New weights", (s) => f.set({ seed: s.seed + 1 }));
  f.predict({
    ask: "With gain 1 the signal is dead long before layer 50. Which gains will keep it alive, and not let it explode?",
    choices: ["Any from about 1.2 to 2", "Only those close to one value", "Any above 1"],
    right: 1,
    because: "Every layer multiplies by about gain/√2; to the power of 50, a tenth too much is a factor of 117, a tenth too little 1/194.",
    when: (s) => s.activation === "relu" && Math.abs(s.gain - EDGE) < 0.06,
  });

  f.update((s) => {
    const { z, up, forward, backward } = signal(s);
    const [log, back] = [forward, backward].map((list) => list.map(Math.log10));
    const within = (size) => size >= TINY && size <= HUGE;
    const lost = forward.findIndex((size) => !within(size)) + 1;

    const rows = range(BINS).map(() => Array(DEPTH).fill(0));
    z.forEach((list, l) => {
      for (const value of list) {
        const bin = Math.floor(((REACH - value * up[l]) / (2 * REACH)) * BINS);
        if (bin >= 0 && bin < BINS) rows[bin][l] += 1 / list.length;
      }
    });
    f.read({ forward: log, backward: back, lost, atZero: [1, 10, 50].map((l) => rows[(BINS - 1) / 2][l - 1]) });
    const scale = sequential(0, 0.5);
    values.paint([raster(rows, [0.5, -REACH], [DEPTH + 0.5, REACH], (share) => scale(Math.sqrt(share)))]);
    const beyond = forward.at(-1) > 3 * REACH;
    const gone = forward.at(-1) < REACH / BINS / 2;
    values.draw([lost > 0 && rule({ x: lost, color: "orange", width: 2, dash: true })]);
    values.drawOver([
      gone && text([27, 0.6], "all near 0", { size: 12.5 }),
      beyond && text([27, 3.5], "nearly all out of sight", { size: 12.5 }),
    ]);

    const [low, high] = [Math.log10(TINY), Math.log10(HUGE)];
    const at = (list, l) => [l + 1, clamp(list[l], -2 * POWERS, 2 * POWERS)];
    const curve = (list) => list.map((_, l) => at(list, l));
    sizes.draw([
      [[high, POWERS], [low, -POWERS]].map(([a, b]) =>
        area([[0, a], [DEPTH + 1, a], [DEPTH + 1, b], [0, b]], { color: "orange", opacity: 0.13 })),
      rule({ y: 0 }),
      line(curve(back), { color: "purple", width: 2.5, dash: "7 4" }),
      arrow(at(back, 2), at(back, 0), { color: "purple", width: 2.5 }),
      line(curve(log), { color: "blue", width: 2.5 }),
      arrow(at(log, DEPTH - 3), at(log, DEPTH - 1), { color: "blue", width: 2.5 }),
      lost > 0 && rule({ x: lost, color: "orange", width: 2, dash: true }),
    ]);
    const side = log.at(-1) > 0 ? -1 : 1; // labels stand where the curves are not
    sizes.drawOver([
      text([25, POWERS - 1.2], "∞ in float16", { color: "muted", size: 12 }),
      text([25, 1.2 - POWERS], "0 in float16", { color: "muted", size: 12 }),
      text([2, side * 3.2], "gradient ←", { color: "purple", anchor: "start", size: 12.5, weight: 600 }),
      text([DEPTH - 1, side * 3.2], "→ signal", { color: "blue", anchor: "end", size: 12.5, weight: 600 }),
    ]);

    const end = forward.at(-1) / forward[0];
    const start = backward[0] / backward.at(-1);
    const about = (x) => num(+x.toPrecision(2));
    const each = (ratio) => num(ratio ** (1 / (DEPTH - 1)), 3);
    const [out, home] = [`the signal is multiplied by ${about(end)}`, `the gradient by ${about(start)}`];
    const range16 = forward[lost - 1] < 1 ? "too small" : "too large";
    const cut = lost ? ` From layer ${lost} on it is ${range16} for float16.` : "";
    if (s.activation === "tanh") {
      const bounded = "tanh holds the signal within bounds; it does not hold the gradient.";
      const why = s.gain > 1.1 ? bounded : "Below 1 both shrink; near 1 they last.";
      return `Gain ${num(s.gain)} with tanh: from end to end ${out}, ${home}. ${why}${cut}`;
    }
    const near = Math.abs(s.gain - EDGE) < 0.03;
    const edge = near ? " This is the knife-edge, √2 ≈ 1.414: 10 % more gain would end 117 times larger." : "";
    return `Gain ${num(s.gain)}: a layer multiplies by ${each(end)}, so from end to end ${out}, ${home}.${cut}${edge}`;
  });
});
