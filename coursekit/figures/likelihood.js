// Which Gaussian made these points?
//
// The likelihood of a Gaussian is the product of the densities that it gives to the points; its logarithm is a sum. Too
// narrow a bell is ruined by one point, too wide a one gives little to all. The top is at the points' mean and standard
// deviation (of ÷ n), and not quite at the Gaussian that made them.

import {
  argmax, box, clamp, dot, figure, gaussian, line, linspace, mean, num, path, random, range, raster, sequential, sum,
  text,
} from "kit";

const PEAK = 1 / Math.sqrt(2 * Math.PI); // of the density with σ = 1
const MU = [-4, 4];
const SIGMA = [0.5, 3.5];

/** The Gaussian that a seed stands for, and its points. */
function drawn({ seed, n }) {
  const draw = random(seed);
  const [mu, sigma] = [-1.5 + 3 * draw.uniform(), 1 + 1.2 * draw.uniform()];
  const xs = range(n).map(() => mu + sigma * draw.normal()).sort((a, b) => a - b);
  const middle = mean(xs);
  const spread = Math.sqrt(mean(xs.map((x) => (x - middle) ** 2)));
  /** log-likelihood: of the points it needs only their mean and their standard deviation */
  const log = (m, s) => -n * (Math.log(s / PEAK) + (spread ** 2 + (middle - m) ** 2) / (2 * s ** 2));
  return { mu, sigma, xs, middle, spread, log, best: log(middle, spread) };
}

export default figure("Which Gaussian made these points?", (f) => {
  const bell = f.plot({
    name: "The density, and the points under it", title: "density of each point", x: [-6, 6], y: [-0.035, 0.85],
    yTicks: [0, 0.2, 0.4, 0.6, 0.8], xLabel: "*x*", yLabel: "density", aspect: 1.2, grow: 1.2, least: 230,
  });
  const bars = f.plot({
    name: "The sum of the log densities", title: "log-likelihood", x: [0, 1], aspect: 0.46, grow: 0.2, least: 104,
  });
  const hill = f.plot({
    name: "The log-likelihood of all Gaussians", title: "all Gaussians", x: MU, y: SIGMA, xLabel: "*μ*", yLabel: "*σ*",
    aspect: 0.96, grow: 0.9, least: 196,
  });

  let made;
  const data = (s) => {
    const key = `${s.seed} ${s.n}`;
    if (made?.key !== key) made = { key, ...drawn(s) };
    return made;
  };
  const put = (mu, sigma) => f.set({ mu: clamp(mu, ...MU), sigma: clamp(sigma, ...SIGMA) });
  f.limit("mu", (mu) => clamp(mu, ...MU));
  f.limit("sigma", (sigma) => clamp(sigma, ...SIGMA));
  const words = (s) => `mu ${num(s.mu)}, sigma ${num(s.sigma)}`;

  f.handle(bell, {
    label: "The bell’s top", at: (s) => [s.mu, PEAK / s.sigma], move: ([x, y]) => put(x, PEAK / Math.max(y, 0.01)),
    step: [0.1, 0.02], words, color: "blue",
  });
  f.handle(hill, {
    label: "*μ* and *σ*", at: (s) => [s.mu, s.sigma], move: (p) => put(...p), step: 0.05, words, color: "blue",
  });
  f.choice("n", { label: "points", options: [[7, "7"], [30, "30"], [120, "120"]] });
  f.button("New points", (s) => f.set({ seed: (s.seed % 1000) + 1 }));
  f.toggle("reveal", { label: "show what made them" });
  f.predict({
    ask: "Pull the bell by its top: up makes it narrow, down wide. Which one makes all points together most likely?",
    choices: [
      "A narrow one: it is highest", "One as wide as the points’ own spread", "A wide one: no point is then far out",
    ],
    right: 1,
    because: "A density’s area is 1: what a bell gives to one place it takes from another. The product is greatest at the points’ mean and standard deviation.",
    when: (s) => data(s).log(s.mu, s.sigma) > data(s).best - 0.15,
  });

  const found = (s) => data(s).best - data(s).log(s.mu, s.sigma) < 0.02 * s.n; // from here it counts as the top
  f.update((s) => {
    const { mu, sigma, xs, middle, spread, log, best } = data(s);
    const density = (x) => gaussian(x, s.mu, s.sigma);
    const logs = xs.map((x) => Math.log(gaussian(0)) - Math.log(s.sigma) - ((x - s.mu) / s.sigma) ** 2 / 2);
    const total = sum(logs);
    const worst = argmax(logs.map((value) => -value));
    f.read({
      logLikelihood: total, best, mean: middle, deviation: spread, worst: xs[worst], worstLog: logs[worst],
      firstDensities: xs.slice(0, 7).map(density), made: [mu, sigma], madeLog: log(mu, sigma),
    });

    const width = s.n > 30 ? 1 : s.n > 7 ? 1.5 : 2.5;
    bell.draw([
      s.reveal && path((x) => gaussian(x, mu, sigma), { color: "green", dash: true }),
      path(density, { color: "blue", width: 2.5 }),
      xs.map((x, i) => line([[x, 0], [x, density(x)]], {
        color: i === worst ? "orange" : "vermilion", width: i === worst ? 4 : width,
      })),
      xs.map((x, i) => dot([x, 0], { r: s.n > 30 ? 3 : 5, color: i === worst ? "orange" : "ink" })),
    ]);

    let from = 0;
    bars.y = [-4.2 * s.n, 0.1 * s.n];
    bars.layout();
    bars.draw([
      logs.map((value, i) => {
        const part = box([0.03, from], [0.2, (from += value)], {
          color: i === worst ? "orange" : "vermilion", opacity: i === worst ? 1 : 0.55,
          stroke: s.n > 30 ? "none" : "paper",
        });
        return part;
      }),
      line([[0, best], [0.25, best]], { color: "green", width: 2.5 }),
    ]);
    const low = total < -4.1 * s.n;
    const close = Math.abs(best - total) < 0.25 * s.n;
    const label = (y, words, options) => text([0.27, y], words, {
      anchor: "start", size: 12, weight: 600, ...options,
    });
    bars.drawOver([
      text([0.27, 0], "0", { anchor: "start", color: "muted", size: 12 }),
      label(best, `${num(best)} best`, { color: "green" }),
      label(low ? -4.2 * s.n : total, low ? `↓ ${num(total)}` : num(total), { dy: low ? -10 : close ? 17 : 0 }),
    ]);

    const [columns, rows] = [56, 48];
    const cell = ([a, b], n) => linspace(a + (b - a) / 2 / n, b - (b - a) / 2 / n, n);
    made.grid ??= cell(SIGMA, rows).reverse().map((deviation) => cell(MU, columns).map((m) => log(m, deviation)));
    const depth = 1.6 * s.n; // what is this far below the top is paper
    hill.paint([raster(
      made.grid, [MU[0], SIGMA[0]], [MU[1], SIGMA[1]], sequential(best - depth, best + 0.35 * depth), { smooth: true },
    )]);
    // Where the log-likelihood is `level`, μ is this far from the mean:
    const apart = (level, deviation) => Math.sqrt(
      2 * deviation ** 2 * (-level / s.n - Math.log(deviation / PEAK)) - spread ** 2,
    );
    const sigmas = linspace(...SIGMA, 240);
    hill.draw([
      [0.02, 0.1, 0.3, 0.7, 1.3].map((part) => {
        const level = best - part * s.n;
        const known = sigmas.map((deviation) => [deviation, apart(level, deviation)]).filter(([, d]) => d >= 0);
        return line(
          [
            ...known.map(([deviation, d]) => [middle - d, deviation]),
            ...known.reverse().map(([deviation, d]) => [middle + d, deviation]),
          ],
          { color: "muted", width: 0.8, closed: known.at(-1)?.[0] > SIGMA[0] },
        );
      }),
      s.reveal && dot([mu, sigma], { color: "green", shape: "diamond", r: 6 }),
      (s.reveal || found(s)) && dot([middle, spread], { color: "green", shape: "cross", r: 6 }),
    ]);
    hill.drawOver([
      (s.reveal || found(s)) && text([middle, spread], "top", { color: "green", weight: 600, dy: -17 }),
      s.reveal && text([mu, sigma], "made them", { color: "green", size: 12, dy: 16 }),
    ]);

    const gap = best - total;
    const times = gap < 12 ? num(Math.exp(gap), 2) : `10^{${Math.round(gap / Math.LN10)}}`;
    const verdict = found(s)
      ? `This is the top: the mean ${num(middle)} and the standard deviation ${num(spread)} of the points.`
      : `The best Gaussian makes these points ${times} times as likely.`;
    const truth = s.reveal
      ? ` *μ* = ${num(mu)} and *σ* = ${num(sigma)} made them: log-likelihood ${num(log(mu, sigma))}, below the top (*μ* = ${num(middle)}, *σ* = ${num(spread)}), which follows these ${s.n} points.`
      : ` The least likely point (orange) alone takes ${num(logs[worst])}.`;
    return `*μ* = ${num(s.mu)}, *σ* = ${num(s.sigma)}: log-likelihood ${num(total)}. ${verdict}${truth}`;
  });
});
