// Where does squared error come from?
//
// From the bell: the line that makes the points most likely under Gaussian noise is the line of least squares, for
// minus the logarithm of the bell is a parabola. Another noise is another loss, and another line.

import { area, clamp, dot, figure, line, linspace, num, path, rule, sum, text } from "kit";

/** For each noise: its density, its loss = −log density + constant, and the loss in words. */
const NOISES = {
  gaussian: {
    loss: (r) => r ** 2 / 2,
    constant: () => Math.log(2 * Math.PI) / 2,
    words: () => "*r*^2/2",
  },
  laplace: {
    loss: (r) => Math.abs(r),
    constant: () => Math.log(2),
    words: () => "|*r*|",
  },
  quantile: {
    loss: (r, tau) => (r < 0 ? (tau - 1) * r : tau * r),
    constant: (tau) => -Math.log(tau * (1 - tau)),
    words: (tau) => `${num(tau)} *r* above the line, ${num(1 - tau)} |*r*| below it`,
  },
};

const points = (s) => [...s.points, s.outlier];
const tau = (s) => clamp(s.tau, 0.05, 0.95);
const loss = (s, r) => NOISES[s.noise].loss(r, tau(s));
const density = (s, r) => Math.exp(-loss(s, r) - NOISES[s.noise].constant(tau(s)));
const residuals = (s, [a, b]) => points(s).map(([x, y]) => y - a - b * x);
const cost = (s, ab) => sum(residuals(s, ab).map((r) => loss(s, r)));

/** The most likely line: [intercept, slope]. */
function fit(s) {
  const data = points(s);
  if (s.noise === "gaussian") {
    const [mx, my] = [0, 1].map((k) => sum(data.map((p) => p[k])) / data.length);
    const b = sum(data.map(([x, y]) => (x - mx) * (y - my))) / sum(data.map(([x]) => (x - mx) ** 2));
    return [my - b * mx, b];
  }
  // Of the lines with the least sum of absolute (or tilted) residuals one passes through two points: try them all.
  let best;
  data.forEach(([x, y], i) => {
    for (const [u, v] of data.slice(0, i)) {
      const b = (y - v) / (x - u);
      const ab = [y - b * x, b];
      const total = cost(s, ab);
      if (!best || total < best.total) best = { ab, total };
    }
  });
  return best.ab;
}

export default figure("Where does squared error come from?", (f) => {
  const scatter = f.plot({
    name: "The points, the line, and the noise around it", title: "each point under its density", x: [0, 10.4],
    y: [-2.5, 9], xLabel: "*x*", yLabel: "*y*", grow: 1.5, least: 270, aspect: 1.28,
  });
  const curve = f.plot({
    name: "Loss against residual", title: "−log density", x: [-9, 9], y: [0, 14], xLabel: "residual *r* = *y* − *ŷ*",
    yLabel: "loss", least: 200, aspect: 0.92,
  });

  let known; // the fit, until what it depends on changes
  const best = (s) => {
    const key = JSON.stringify([s.noise, s.tau, s.outlier, s.points]);
    if (known?.key !== key) known = { key, ab: fit(s) };
    return known.ab;
  };
  const current = (s) => (s.fitted ? best(s) : [s.line[0], (s.line[1] - s.line[0]) / 10]);
  const end = (s, x) => current(s)[0] + x * current(s)[1];

  for (const [k, x, side] of [[0, 0.15, "left"], [1, 9.85, "right"]]) {
    f.handle(scatter, {
      label: `The line’s ${side} end`,
      at: (s) => [x, clamp(end(s, x), -2.5, 9)],
      move([, y], s) {
        const ends = [end(s, 0.15), end(s, 9.85)];
        ends[k] = y;
        const slope = (ends[1] - ends[0]) / 9.7;
        f.set({ fitted: false, line: [ends[0] - 0.15 * slope, ends[1] + 0.15 * slope] });
      },
      words: (s) => `height ${num(end(s, x))}`,
      color: "blue",
      r: 5,
    });
  }
  f.handle(scatter, {
    label: "The far point",
    at: (s) => s.outlier,
    move: ([, y], s) => f.set({ outlier: [s.outlier[0], y] }),
    words: (s) => `y is ${num(s.outlier[1])}`,
    color: "orange",
  });
  f.choice("noise", {
    label: "noise", options: [["gaussian", "Gaussian"], ["laplace", "Laplace"], ["quantile", "asymmetric Laplace"]],
  });
  const tilt = f.slider("tau", { label: "*τ*", min: 0.05, max: 0.95, step: 0.01 });
  f.toggle("fitted", { label: "most likely line" });
  f.predict({
    ask: "The far point (orange) pulls the most likely line down. Choose Laplace noise, and drag the point still further down. What will the line do?",
    choices: ["Follow the point, as now", "Follow it half as far", "Stay where it is"],
    right: 2,
    because: "Laplace’s loss |*r*| has the same slope everywhere: the point pulls no harder from afar, and the others hold the line. A parabola grows steeper with every step.",
    when: (s) => s.noise === "laplace" && s.outlier[1] < -0.8,
  });

  f.update((s) => {
    tilt.node.hidden = s.noise !== "quantile";
    const data = points(s);
    const ab = current(s);
    const rs = residuals(s, ab);
    const losses = rs.map((r) => loss(s, r));
    const total = sum(losses);
    const logLikelihood = -total - data.length * NOISES[s.noise].constant(tau(s));
    const far = data.length - 1;
    f.read({
      line: ab, residuals: rs, losses, loss: total, logLikelihood, least: cost(s, best(s)),
      below: rs.filter((r) => r < -1e-9).length,
    });

    const widest = 0.9 / density({ noise: s.noise, tau: s.tau }, 0);
    const reach = { gaussian: [-3, 3], laplace: [-4, 4], quantile: [-4 / (1 - tau(s)), 4 / tau(s)] }[s.noise];
    const along = [...linspace(reach[0], 0, 25), ...linspace(0, reach[1], 25)]; // the peak is one of them
    scatter.draw([
      line([[0, s.truth[0]], [10.4, s.truth[0] + 10.4 * s.truth[1]]], { color: "green", dash: true, width: 1.5 }),
      data.map(([x], i) => {
        const middle = data[i][1] - rs[i];
        const shape = along.map((r) => [x + widest * density(s, r), middle + r]);
        return [
          line([[x, -9], [x, 16]], { color: "faint", width: 1 }),
          area([[x, middle + along[0]], ...shape, [x, middle + along.at(-1)]], { color: "blue", opacity: 0.13 }),
          line(shape, { color: "blue", width: 1 }),
          line([[x, middle], [x, data[i][1]]], { color: i === far ? "orange" : "muted", width: 1.5 }),
          line([[x, data[i][1]], [x + widest * density(s, rs[i]), data[i][1]]], { color: "vermilion", width: 3 }),
        ];
      }),
      line([[0, ab[0]], [10.4, ab[0] + 10.4 * ab[1]]], { color: "blue", width: 2.5 }),
      s.points.map((p) => dot(p, { r: 4.5 })),
    ]);
    const under = data[far][1] < 3;
    scatter.drawOver([
      data[far][1] > -2 && text(data[far], `density ${num(density(s, rs[far]), 2)}`, {
        color: "vermilion", size: 12, anchor: "end", dx: -12, dy: under ? 4 : -4,
      }),
      text([0.1, s.truth[0]], "made the others", { color: "green", size: 12, anchor: "start", dx: 4, dy: 14 }),
    ]);

    curve.draw([
      rule({ x: 0 }),
      path((r) => loss(s, r), { color: "blue", width: 2.5, n: 180 }),
      rs.map((r, i) => line([[r, 0], [r, losses[i]]], {
        color: i === far ? "orange" : "faint", width: i === far ? 3 : 2,
      })),
      rs.map((r, i) => dot([r, losses[i]], { color: i === far ? "orange" : "ink", r: i === far ? 7 : 4.5 })),
    ]);
    curve.drawOver(
      s.noise === "quantile"
        ? [
          [-4.5, `${num(1 - tau(s))} |*r*|`], [4.5, `${num(tau(s))} *r*`],
        ].map(([x, label]) => text([x, 12.9], label, { color: "blue", size: 14 }))
        : [text([0, 12.9], NOISES[s.noise].words(), { color: "blue", size: 14 })],
    );

    const part = `The far point (*r* = ${num(rs[far])}) is ${num((100 * losses[far]) / (total || 1), 2)} % of it`;
    const start = s.fitted
      ? "The most likely line"
      : `Your line, of loss ${num(total)} (the best has ${num(cost(s, best(s)))}),`;
    const name = {
      gaussian: "squared error: −log of the bell is *r*^2/2, and a constant",
      laplace: "absolute error: −log of Laplace’s density is |*r*|, and a constant",
      quantile: `quantile loss: ${NOISES.quantile.words(tau(s))}`,
    }[s.noise];
    const goal = s.fitted
      ? `${start} is the one of least ${name}. Loss ${num(total)}. `
      : `${start} is measured by ${name}. `;
    const share = s.noise === "quantile" && s.fitted
      ? ` ${rs.filter((r) => r < -1e-9).length} of ${data.length} points lie below the line, ${rs.filter((r) => Math.abs(r) < 1e-9).length} on it.`
      : "";
    return `${goal}${part}.${share}`;
  });
});
