// What does sharing save?
//
// Weights, and no work. Looking only at a small patch saves multiplications; using the same weights everywhere saves
// weights, so many that their number no longer depends on the size of the image.

import { box, clamp, dot, figure, line, num, range, rule, text } from "kit";

const SIDES = [8, 512];
const KINDS = [
  { name: "dense", color: "vermilion", shape: "square" },
  { name: "locally connected", color: "purple", shape: "diamond" },
  { name: "convolution", color: "blue", shape: "disk" },
];
const KNOWN = [["LeNet-5", 6e4], ["AlexNet", 6e7], ["GPT-3", 1.75e11]];

/** [dense, locally connected, convolution] */
const weights = ({ channels: c, kernel: k, filters: n }, side) => [side ** 4 * c * n, side ** 2 * k * k * c * n,
  k * k * c * n];
const work = (s, side) => {
  const [dense, local] = weights(s, side);
  return [dense, local, local];
};

/** 12,288 or 201 million */
function count(n) {
  const [size, word] = [[1e12, " trillion"], [1e9, " billion"], [1e6, " million"]].find(([size]) => n >= size) ?? [1,
    ""];
  return word ? num(n / size) + word : n.toLocaleString("en-US");
}
const power = (x) => ([0, 3, 6, 9, 12].includes(Math.round(Math.log10(x)))
  ? ["1", "1,000", "10^6", "10^9", "10^{12}"][Math.round(Math.log10(x)) / 3] : "");
const TICKS = range(0, 16).map((i) => 10 ** i);

export default figure("What does sharing save?", (f) => {
  const growth = f.plot({
    name: "Weights by the size of the image", title: "weights of one layer", xLog: true, yLog: true, x: [SIDES[0], 560],
      y: [1, 1e16],
    xTicks: [8, 16, 32, 64, 128, 256, 512], yTicks: TICKS, yFormat: power, xLabel: "side of the image (pixels)",
      yLabel: "weights", aspect: 1, least: 260,
  });
  const bars = f.plot({
    name: "Weights and multiplications now", xLog: true, x: [1, 1e16], y: [-0.25, 3.15], xTicks: TICKS, xFormat: power,
      xLabel: "how many",
    title: "weights, and products (multiply–adds)", aspect: 1, least: 260,
  });
  const side = (s) => clamp(Math.round(s.side), ...SIDES);

  f.handle(growth, {
    label: "Side of the image",
    at: (s) => [side(s), weights(s, side(s))[0]],
    move: ([x]) => f.set({ side: clamp(Math.round(x / 8) * 8, ...SIDES) }),
    step: 8,
    words: (s) => `${side(s)} pixels`,
  });
  f.slider("kernel", { label: "kernel *k* × *k*", min: 1, max: 11, step: 2 });
  f.slider("channels", { label: "channels in", min: 1, max: 64, step: 1 });
  f.slider("filters", { label: "maps out", min: 1, max: 256, step: Math.log10(2), log: true });
  f.predict({
    ask: "You double the side of the image, from 64 to 128 pixels. How do the numbers of weights change?",
    choices: ["All grow 4 times, as the pixels do", "Dense 4 times, the others not at all",
      "Dense 16 times, locally connected 4 times, convolution not at all"],
    right: 2,
    because: "Dense layers have a weight for each pair of input and output, and both grow 4 times; a shared kernel does not know how large the image is.",
    when: (s) => s.side >= 128,
  });

  f.update((s) => {
    const h = side(s);
    const now = weights(s, h);
    const calculations = work(s, h);
    const unit = h * h * s.channels;
    f.read({ weights: now, work: calculations, unit, memory: 4 * now[0] });

    const ends = SIDES.map((x) => weights(s, x));
    growth.draw([
      KNOWN.map(([, n]) => rule({ y: n, color: "faint" })),
      line([[h, 1], [h, 1e16]], { color: "muted", width: 1, dash: true }),
      KINDS.map(({ color }, i) => line(SIDES.map((x, j) => [x, ends[j][i]]), { color, width: 2.5 })),
      KINDS.map(({ color, shape }, i) => i > 0 && dot([h, now[i]], { color, shape, r: 5 })),
    ]);
    growth.drawOver([
      KNOWN.map(([name, n], i) => text([SIDES[i ? 0 : 1], n], name, { color: "muted", size: 11,
        anchor: i ? "start" : "end", dx: i ? 4 : -4, dy: i ? -7 : 8 })),
      KINDS.map(({ name, color }, i) => {
        return text([128, weights(s, 128)[i]], name, { color, size: 12, weight: 600, dx: i ? 0 : -40,
          dy: [-30, 18, 13][i] });
      }),
    ]);
    const rows = KINDS.map((kind, i) => ({ ...kind, y: 2 - i, n: now[i], work: calculations[i] }));
    bars.draw([
      rows.map(({ y, n, work, color }) => [
        box([1, y + 0.52], [n, y + 0.3], { color, opacity: 0.5 }),
        box([1, y + 0.24], [work, y + 0.02], { color, opacity: 0.08, stroke: color, width: 1.5 }),
      ]),
    ]);
    const beside = (value, words, y) => {
      const inside = value > 2e7;
      return text([value, y], words, { size: 12, anchor: inside ? "end" : "start", dx: inside ? -6 : 6,
        halo: !inside });
    };
    bars.drawOver(
      rows.map(({ name, y, n, work, color }) => [
        text([1, y + 0.7], name, { color, weight: 600, anchor: "start" }),
        beside(n, `${count(n)} weights`, y + 0.41),
        beside(work, `${count(work)} products`, y + 0.13),
      ]),
    );

    const larger = KNOWN.filter(([, n]) => now[0] > n).at(-1);
    const than = larger ? `, more than all of ${larger[0]}` : "";
    return `One dense unit alone needs ${h} · ${h} · ${s.channels} = ${count(unit)} weights, the whole dense layer ${count(now[0])}${than}. The convolution has ${count(now[2])}, each used ${count(h * h)} times: it multiplies as often as the locally connected layer, which has ${count(now[1])}.`;
  });
});
