// What does batch norm keep alive?
//
// The size of the signal at any gain, for it divides the gain out again; and, what no gain can do, the differences
// between inputs: it takes away what all of a batch have in common, which in a deep ReLU stack becomes nearly all.

import { dot, figure, glyph, line, num, percent, random, range, rule, text } from "kit";

const [DEPTH, N, BATCH] = [50, 48, 24];
const UNITS = [15, 44]; // the two that are shown
const REACH = 4; // of their axes
const LOWEST = 0.005; // of the axis of shares

/** One stack at gain 1: of each layer two units, and size and share of what it passes on. */
function stack(x, weights, normalize) {
  let a = x;
  return weights.map((w) => {
    const z = new Float64Array(BATCH * N);
    for (let b = 0; b < BATCH; b++) {
      for (let i = 0; i < N; i++) {
        let total = 0;
        for (let j = 0; j < N; j++) total += w[i * N + j] * a[b * N + j];
        z[b * N + i] = total;
      }
    }
    for (let i = 0; normalize && i < N; i++) {
      let [mean, variance] = [0, 0];
      for (let b = 0; b < BATCH; b++) mean += z[b * N + i] / BATCH;
      for (let b = 0; b < BATCH; b++) variance += (z[b * N + i] - mean) ** 2 / BATCH;
      for (let b = 0; b < BATCH; b++) z[b * N + i] = (z[b * N + i] - mean) / Math.sqrt(variance);
    }
    a = z.map((value) => Math.max(value, 0));
    let [square, common] = [0, 0]; // means over the batch, sums over units
    for (let i = 0; i < N; i++) {
      let mean = 0;
      for (let b = 0; b < BATCH; b++) {
        mean += a[b * N + i] / BATCH;
        square += a[b * N + i] ** 2 / BATCH;
      }
      common += mean ** 2;
    }
    const loop = range(BATCH).map((b) => UNITS.map((i) => z[b * N + i]));
    return { loop, size: Math.sqrt(square / N), share: 1 - common / square };
  });
}

let cached = {};
function both(seed) {
  if (cached.seed === seed) return cached;
  const { normal } = random(seed);
  const some = (count, scale = 1) => Float64Array.from({ length: count }, () => scale * normal());
  const [p, q] = [some(N), some(N)];
  const weights = range(DEPTH).map(() => some(N * N, 1 / Math.sqrt(N)));
  const x = new Float64Array(BATCH * N).map((_, k) => {
    const angle = (2 * Math.PI * Math.floor(k / N)) / BATCH;
    return Math.cos(angle) * p[k % N] + Math.sin(angle) * q[k % N];
  });
  return (cached = { seed, plain: stack(x, weights, false), normed: stack(x, weights, true) });
}

export default figure("What does batch norm keep alive?", (f) => {
  const square = { x: [-REACH, REACH], y: [-REACH, REACH], equal: true, aspect: 0.95, least: 135, grow: 3 };
  const plots = {
    plain: f.plot({ ...square, name: "The batch without batch norm", title: "without" }),
    normed: f.plot({ ...square, name: "The batch with batch norm", title: "with batch norm" }),
  };
  const shares = f.plot({
    name: "Share that differs between inputs", title: "what still differs",
    x: [0.5, DEPTH + 0.5], xLabel: "layer", xTicks: [1, 10, 20, 30, 40, 50],
    y: [LOWEST, 1.3], yLog: true, yLabel: "share of the signal", yTicks: [0.01, 0.1, 1],
    aspect: 0.95, phone: 1.4, least: 190,
  });

  f.player({
    step: (s) => f.set({ layer: s.layer + 1 }), done: (s) => s.layer >= DEPTH, every: 160, label: "Next layer",
  });
  f.slider("layer", { label: "layer", min: 1, max: DEPTH, step: 1 });
  f.slider("gain", { label: "gain", min: 0.8, max: 2.2, step: 0.01, format: (gain) => gain.toFixed(2) });
  f.button("New weights", (s) => f.set({ seed: s.seed + 1 }));
  f.predict({
    ask: "The loop is a batch of 24 different inputs, seen by two units. Gain √2 keeps the signal’s size in every layer, without batch norm, too. What will become of the loop without it?",
    choices: ["It stays about as large", "It shrinks toward a point", "It unfolds and grows"],
    right: 1,
    because: "√2 keeps the size, but ever more of it is the same for all inputs. Batch norm subtracts what they share.",
    when: (s) => s.layer >= 25 && Math.abs(s.gain - Math.SQRT2) < 0.1,
  });

  f.update((s) => {
    const { plain, normed } = both(s.seed);
    const here = { plain: plain[s.layer - 1], normed: normed[s.layer - 1] };
    const up = { plain: s.gain ** s.layer, normed: 1 }; // batch norm divides it out again
    const loops = Object.fromEntries(
      Object.entries(here).map(([name, { loop }]) => [name, loop.map((p) => p.map((value) => value * up[name]))]),
    );
    const opposite = BATCH / 2;
    const sizes = [here.plain.size * up.plain, here.normed.size];
    f.read({
      shares: [here.plain.share, here.normed.share],
      logSizes: sizes.map(Math.log10),
      inputs: Object.values(loops).map((loop) => [loop[0], loop[opposite]]),
    });

    const COLOR = { plain: "purple", normed: "blue" };
    for (const [name, loop] of Object.entries(loops)) {
      const color = COLOR[name];
      const far = loop.every((p) => Math.max(...p.map(Math.abs)) > REACH);
      plots[name].draw([
        rule({ x: 0 }),
        rule({ y: 0 }),
        line(loop, { color, width: 2, closed: true, opacity: 0.8 }),
        loop.map((p) => dot(p, { color, r: 2.5 })),
        glyph(loop[opposite], -1, { r: 5.5 }),
        glyph(loop[0], 1, { r: 6 }),
      ]);
      plots[name].drawOver([
        text([REACH, 0], "unit 16", { anchor: "end", dy: 10, size: 11.5, color: "muted" }),
        text([0, REACH], "unit 45", { anchor: "start", dx: 4, dy: 8, size: 11.5, color: "muted" }),
        far && text([0, -REACH], "out of sight", { dy: -12, size: 12 }),
      ]);
    }

    // Only as far as the reader has come.
    const upTo = (layers) => layers.slice(0, s.layer).map(({ share }, l) => [l + 1, Math.max(share, LOWEST)]);
    const end = (layers) => upTo(layers).at(-1);
    const label = (layers, words, color, dy) => {
      const [l, share] = end(layers);
      const late = l > DEPTH / 2;
      const side = late ? { dx: 4, anchor: "end" } : { dx: -4, anchor: "start" };
      return text([l, share], words, { ...side, color, dy, size: 12, weight: 600 });
    };
    shares.draw([
      line(upTo(plain), { color: COLOR.plain, width: 2.5, dash: "7 4" }),
      line(upTo(normed), { color: COLOR.normed, width: 2.5 }),
      dot(end(plain), { color: COLOR.plain, r: 5, shape: "diamond" }),
      dot(end(normed), { color: COLOR.normed, r: 5 }),
    ]);
    const [without, withNorm] = [here.plain.share, here.normed.share];
    shares.drawOver([
      label(plain, `without ${percent(without)}`, COLOR.plain, 18),
      label(normed, `with ${percent(withNorm)}`, COLOR.normed, -15),
    ]);

    const [size, steady] = sizes.map((value) => num(+value.toPrecision(2)));
    const grows = sizes[0] > 20 ? "the signal explodes" : "the signal keeps its size";
    const fate = sizes[0] < 0.05 ? "the signal is dying" : grows;
    const far = Math.abs(s.gain - Math.SQRT2) > 0.05;
    const gain = far ? " Batch norm divides the gain out: its loop is the same at every gain." : "";
    const plainly = `Without batch norm ${fate} (${size}), and ${percent(without)} of it tells inputs apart`;
    const normally = `with it the size is ${steady}, and ${percent(withNorm)} does`;
    return `Layer ${s.layer}, gain ${num(s.gain)}. ${plainly}; ${normally}.${gain}`;
  });
});
