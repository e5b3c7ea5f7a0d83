// How hard does each loss pull?
//
// Every value pulls the prediction toward itself, with the slope of its loss: squared error harder from afar, absolute
// error always alike, Huber's alike from δ on, the quantile loss harder upward than down. The prediction rests where
// the pulls balance: at the mean, at the median, between them, at a quantile.

import { arrow, box, clamp, dot, figure, line, linspace, max, mean, num, rule, sum, text } from "kit";

const LOSSES = ["squared", "absolute", "Huber", "quantile"];
const RANGE = [0, 12];
const WIDEST = 3.2; // of the pulls that are shown

/** Loss of a prediction that is r above the value, and its slope, for each of LOSSES. */
const value = (r, { delta, tau }) => {
  const size = Math.abs(r);
  return [r * r / 2, size, size <= delta ? r * r / 2 : delta * (size - delta / 2), r > 0 ? (1 - tau) * r : -tau * r];
};
const slope = (r, { delta, tau }) => [r, Math.sign(r), clamp(r, -delta, delta), r > 0 ? 1 - tau : r < 0 ? -tau : 0];

/** For each loss the interval of the predictions where its mean is least: almost always one point. */
function rests(s, ys) {
  const sorted = [...ys].sort((a, b) => a - b);
  const n = ys.length;
  let [low, high] = [sorted[0], sorted[n - 1]];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (sum(ys.map((y) => slope(middle - y, s)[2])) < 0) low = middle;
    else high = middle;
  }
  const below = s.tau * n; // so many values should lie below
  const whole = Math.abs(below - Math.round(below)) < 1e-9;
  const at = Math.ceil(below - 1e-9) - 1;
  const point = (x) => [x, x];
  return [point(mean(ys)), point(sorted[(n - 1) / 2]), point(high), [sorted[at], sorted[whole ? at + 1 : at]]];
}

export default figure("How hard does each loss pull?", (f) => {
  const valley = f.plot({
    name: "The values, and each loss against the prediction", title: "mean loss of a prediction", x: [0, 17],
    xTicks: [0, 2, 4, 6, 8, 10, 12], y: [0, 5], xLabel: "prediction *ŷ*", aspect: 1.17, grow: 1.4, least: 280,
  });
  const pulls = f.plot({
    name: "How hard each value pulls", title: "pulls, added up", x: [-WIDEST, WIDEST], y: [0, 5],
    xLabel: "pull: −slope of the mean loss", aspect: 0.9, grow: 1, least: 220,
  });

  const values = (s) => [...s.values, s.far];
  // Near a place of balance it falls into it: no hand is that exact.
  f.handle(valley, {
    label: "The prediction *ŷ*", at: (s) => [s.prediction, 4.15],
    move: ([x], s) => f.set({
      prediction: rests(s, values(s)).flat().find((rest) => Math.abs(rest - x) < 0.07) ?? clamp(x, ...RANGE),
    }),
    words: (s) => num(s.prediction), color: "blue",
  });
  f.handle(valley, {
    label: "The far value", at: (s) => [s.far, 4.6], move: ([x]) => f.set({ far: clamp(x, ...RANGE) }),
    words: (s) => num(s.far), color: "orange",
  });
  f.slider("delta", { label: "Huber’s *δ*", min: 0.2, max: 6, step: 0.1 });
  f.slider("tau", { label: "quantile’s *τ*", min: 0.05, max: 0.95, step: 0.05 });
  f.predict({
    ask: "You hold the prediction (blue). When you let go, absolute error moves it until its pulls balance. Where is that?",
    choices: [
      "At the mean of the five values", "At the middle one of the five values",
      "Halfway between the far value and the others",
    ],
    right: 1,
    because: "Every value pulls with the same force, so only their number on each side counts: two against two, at the median. Squared error weighs the distances, and that balance is the mean.",
    when: (s) => Math.abs(s.prediction - rests(s, values(s))[1][0]) < 0.12,
  });

  f.update((s) => {
    const ys = values(s);
    const n = ys.length;
    const at = clamp(s.prediction, ...RANGE);
    const means = (x) => LOSSES.map((_, k) => mean(ys.map((y) => value(x - y, s)[k])));
    const here = means(at);
    const forces = LOSSES.map((_, k) => ys.map((y) => -slope(at - y, s)[k] / n));
    const net = forces.map(sum);
    const rest = rests(s, ys);
    f.read({ losses: here, slopes: net.map((x) => -x), far: forces.map((list) => -list[n - 1] * n), rests: rest });

    const xs = linspace(...RANGE, 121);
    const curves = xs.map(means);
    const row = (k) => 3 - k; // its floor
    const least = LOSSES.map((_, k) => means(rest[k][0])[k]);
    const most = LOSSES.map((_, k) => max(curves, (c) => c[k]) - least[k]);
    const height = (k, loss) => row(k) + 0.12 + (0.8 * (loss - least[k])) / most[k];
    valley.draw([
      LOSSES.map((_, k) => line([[0, row(k)], [12, row(k)]], { color: "faint", width: 1 })),
      line([[0, 4], [12, 4]], { color: "muted", width: 1 }),
      line([[at, 0], [at, 4.15]], { color: "blue", width: 1.5, dash: "4 4" }),
      LOSSES.map((_, k) => [
        line(xs.map((x, i) => [x, height(k, curves[i][k])]), { color: "ink", width: 1.8 }),
        rest[k][1] > rest[k][0] && line(rest[k].map((x) => [x, height(k, means(x)[k])]), { color: "green", width: 6 }),
        dot([mean(rest[k]), height(k, least[k])], { color: "green", shape: "triangle", r: 5 }),
        dot([at, height(k, here[k])], { color: "blue", r: 6 }),
      ]),
      s.values.map((y) => dot([y, 4.6])),
    ]);
    const names = (x, y) => LOSSES.map(
      (name, k) => text([x, row(k) + y], name, { anchor: "start", weight: 600, size: 12.5 }),
    );
    const kind = ["the mean", "the median", "its center", `${num(s.tau)}-quantile`];
    const resting = LOSSES.map((_, k) => at >= rest[k][0] - 1e-6 && at <= rest[k][1] + 1e-6);
    valley.drawOver([
      names(12.4, 0.7),
      LOSSES.map(
        (_, k) => text([12.4, row(k) + 0.32], resting[k] ? kind[k] : num(here[k]), {
          anchor: "start", color: resting[k] ? "green" : "ink", size: 12.5,
        }),
      ),
      text([12.4, 4.6], "values", { anchor: "start", size: 12.5 }),
      text([at, 4.15], "*ŷ*", { color: "blue", weight: 600, dx: at > 11 ? -16 : 15 }),
    ]);

    const shown = (x) => clamp(x, -WIDEST, WIDEST);
    pulls.draw([
      LOSSES.map((_, k) => line([[-WIDEST, row(k)], [WIDEST, row(k)]], { color: "faint", width: 1 })),
      LOSSES.map((_, k) => {
        const ends = { left: 0, right: 0 };
        const order = ys.map((_, i) => i).sort((i, j) => Math.abs(ys[i] - at) - Math.abs(ys[j] - at));
        return order.map((i) => {
          const force = forces[k][i];
          const side = force < 0 ? "left" : "right";
          const from = ends[side];
          ends[side] += force;
          return box([shown(from), row(k) + 0.22], [shown(ends[side]), row(k) + 0.56], {
            color: i === n - 1 ? "orange" : "sky", opacity: 0.85, stroke: "paper", width: 1.5,
          });
        });
      }),
      rule({ x: 0, color: "blue", dash: "4 4", width: 1.5 }),
      LOSSES.map((_, k) => Math.abs(net[k]) > 0.02 && arrow(
        [0, row(k) + 0.1], [shown(net[k]), row(k) + 0.1], { width: 2.5 },
      )),
    ]);
    pulls.drawOver([
      names(-WIDEST + 0.05, 0.82),
      LOSSES.map((_, k) => text(
        [WIDEST - 0.05, row(k) + 0.82],
        resting[k] ? "balance" : `${net[k] < 0 ? "←" : "→"} ${num(Math.abs(net[k]), 2)}`, { anchor: "end", size: 12.5 },
      )),
      box([-2.9, 4.35], [-2.55, 4.65], { color: "orange", opacity: 0.85 }),
      text([-2.45, 4.5], "far value", { anchor: "start", size: 12 }),
      box([0.35, 4.35], [0.7, 4.65], { color: "sky", opacity: 0.85 }),
      text([0.8, 4.5], "the others", { anchor: "start", size: 12 }),
    ]);

    const balanced = LOSSES.map(
      (name, k) => resting[k] && `${name} (${kind[k]}${rest[k][1] > rest[k][0] ? `, anywhere from ${num(rest[k][0])} to ${num(rest[k][1])}` : ""})`,
    ).filter(Boolean);
    const still = balanced.length ? `the pulls balance here for ${balanced.join(" and ")}. ` : "";
    const [a, b, c, d] = forces.map((list) => num(Math.abs(list[n - 1]) * n, 2));
    return `Prediction ${num(at)}. ${still.replace(/^./, (letter) => letter.toUpperCase())}The far value, ${num(Math.abs(s.far - at))} away, pulls with ${a} under squared error, ${b} under absolute, ${c} under Huber’s, ${d} under the quantile loss.`;
  });
});
