// What does λ take away?
//
// First what the data hardly decide: two measurements that say the same, pulling against each other with great weights.
// The training error can only rise; the validation error falls until λ takes what was needed. Ridge shrinks all and
// leaves none at zero; the lasso puts one after the other to exactly zero.

import { apply, argmax, box, clamp, dot, dot2, figure, line, linspace, num, range, rule, solve, text } from "kit";

const LOG = [-3, 1]; // of λ

/** (G + λ I) w = c */
const ridge = (gram, xy, lambda) => solve(gram.map((row, i) => row.map((g, j) => g + (i === j ? lambda : 0))), xy);

/**
 * Coordinate descent finds which weights are not zero; then the equations G w = c − λ sign(w) of those are solved
 * exactly, and kept if the signs agree and no other weight wants to leave zero.
 */
function lasso(gram, xy, lambda, start) {
  const w = [...start];
  for (let round = 0; round < 400; round++) {
    for (let sweep = 0; sweep < 15; sweep++) {
      for (let j = 0; j < w.length; j++) {
        const c = xy[j] - dot2(gram[j], w) + gram[j][j] * w[j];
        w[j] = (Math.sign(c) * Math.max(Math.abs(c) - lambda, 0)) / gram[j][j];
      }
    }
    const on = range(w.length).filter((j) => w[j] !== 0);
    if (!on.length) return w;
    const part = solve(on.map((i) => on.map((j) => gram[i][j])), on.map((i) => xy[i] - lambda * Math.sign(w[i])));
    const exact = w.map(() => 0);
    on.forEach((j, k) => (exact[j] = part[k]));
    const rest = apply(gram, exact).map((g, j) => xy[j] - g);
    const holds = on.every((j) => exact[j] * w[j] > 0) && rest.every((r) => Math.abs(r) <= lambda * (1 + 1e-9) + 1e-12);
    if (holds) return exact;
  }
  return w;
}

export default figure("What does λ take away?", (f) => {
  const x = { x: LOG.map((k) => 10 ** k), xLog: true, xLabel: "*λ*", aspect: 0.9, least: 206 };
  const paths = f.plot({
    ...x, name: "The coefficients against lambda", title: "coefficients", y: [-1.5, 1.3], yTicks: [-1, 0, 1],
    yLabel: "coefficient",
  });
  const bars = f.plot({
    name: "The coefficients at this lambda", title: "at this *λ*", x: [-2.2, 1.4], y: [-10.3, 0.3], xTicks: [-1, 0, 1],
    xLabel: "coefficient", aspect: 0.8, least: 180, grow: 0.8,
  });
  const errors = f.plot({
    ...x, name: "The errors against lambda", title: "errors", y: [0, 1.25], yLabel: "squared error / variance",
  });

  const fit = (s, lambda, start) => (
    s.penalty === "ridge" ? ridge(s.gram, s.xy, lambda) : lasso(s.gram, s.xy, lambda, start),
  );
  const error = (gram, xy, yy, w) => yy - 2 * dot2(xy, w) + dot2(w, apply(gram, w));
  const training = (s, w) => error(s.gram, s.xy, 1, w);
  const validation = (s, w) => error(s.valid_gram, s.valid_xy, s.valid_yy, w);

  const known = {}; // the whole path of each penalty
  const whole = (s) =>
    (known[s.penalty] ??= (() => {
      let w = s.xy.map(() => 0);
      const lambdas = linspace(...LOG, 97).map((k) => 10 ** k);
      const all = [...lambdas].reverse().map((lambda) => (w = fit(s, lambda, w))).reverse();
      const valid = all.map((v) => validation(s, v));
      return { lambdas, all, train: all.map((v) => training(s, v)), valid, best: argmax(valid.map((v) => -v)) };
    })());

  for (const plot of [paths, errors]) f.press(
    plot, ([lambda]) => f.set({ strength: +clamp(lambda, 0.001, 10).toPrecision(3) }),
  );
  f.slider("strength", { label: "*λ*", min: 0.001, max: 10, step: 0.02, log: true });
  f.choice("penalty", { label: "penalty", options: [["ridge", "ridge *λ*Σ*w*^2/2"], ["lasso", "lasso *λ*Σ|*w*|"]] });
  f.predict({
    ask: "Ridge shrinks all coefficients, but none to 0. Choose the lasso’s penalty *λ*Σ|*w*|, and raise *λ*. What happens to the ten coefficients?",
    choices: [
      "As with ridge: all shrink together, none is ever 0", "One after the other becomes exactly 0",
      "All become 0 at the same *λ*",
    ],
    right: 1,
    because: "|*w*| pushes with the same force *λ* however small *w* is, so it can hold a weight at 0 against a weaker pull of the data. Ridge’s push *λw* fades as *w* does.",
    when: (s) => s.penalty === "lasso" && s.strength > 0.05,
  });

  f.update((s) => {
    const lambda = clamp(s.strength, 0.001, 10);
    const course = whole(s);
    const w = fit(
      s, lambda, course.all[Math.round((Math.log10(lambda) - LOG[0]) * 24)],
    ); // starts from the nearest known
    const zero = w.map((v) => v === 0);
    const zeros = zero.filter(Boolean).length;
    const [train, valid] = [training(s, w), validation(s, w)];
    f.read({
      coefficients: w, zeros, train, valid, norm: Math.sqrt(dot2(w, w)), best: course.lambdas[course.best],
      leastValid: course.valid[course.best],
    });

    const pair = [4, 5]; // total and LDL cholesterol, which nearly say the same
    const color = (j) => (pair.includes(j) ? "orange" : "blue");
    const along = (values) => values.map((v, i) => [course.lambdas[i], v]);
    const order = [...range(w.length).filter((j) => !pair.includes(j)), ...pair];
    paths.draw([
      rule({ y: 0, color: "muted" }),
      order.map((j) => line(along(course.all.map((v) => v[j])), {
        color: color(j), width: pair.includes(j) ? 2.2 : 1.3, opacity: pair.includes(j) ? 1 : 0.7,
      })),
      line([[lambda, -9], [lambda, 9]], { color: "ink", width: 1.5, dash: "4 4" }),
      order.map((j) => dot([lambda, w[j]], { color: color(j), r: 3.5, hollow: zero[j] })),
    ]);
    const first = course.all[0];
    paths.drawOver(pair.map((j) => text([0.0012, first[j]], s.names[j], {
      color: "orange", weight: 600, size: 12, anchor: "start", dy: first[j] > 0 ? -11 : 12,
    })));

    bars.draw([
      rule({ x: 0, color: "muted" }),
      w.map((v, j) => box([0, -j - 0.78], [v, -j - 0.22], { color: color(j), opacity: 0.85 })),
      w.map((v, j) => zero[j] && dot([0, -j - 0.5], { color: "ink", shape: "cross", r: 4 })),
    ]);
    bars.drawOver(w.map((_, j) => text([-2.15, -j - 0.5], s.names[j], {
      anchor: "start", size: 12, color: zero[j] ? "muted" : pair.includes(j) ? "orange" : "ink",
      weight: pair.includes(j) ? 600 : 400,
    })));

    errors.draw([
      rule({ y: 1 }),
      line(along(course.train), { color: "muted", width: 2, dash: true }),
      line(along(course.valid), { color: "vermilion", width: 2.2 }),
      line([[lambda, 0], [lambda, 2]], { color: "ink", width: 1.5, dash: "4 4" }),
      dot([course.lambdas[course.best], course.valid[course.best]], { color: "green", shape: "triangle", r: 6 }),
      dot([lambda, train], { color: "muted" }),
      dot([lambda, valid], { color: "vermilion", shape: "square" }),
    ]);
    errors.drawOver([
      text([0.0013, course.valid[0]], "validation", { color: "vermilion", anchor: "start", size: 12.5, dy: -11 }),
      text([0.0013, course.train[0]], "training", { color: "muted", anchor: "start", size: 12.5, dy: 13 }),
      text([0.0013, 1], "the mean alone", { color: "muted", anchor: "start", size: 11.5, dy: -8 }),
    ]);

    const least = course.lambdas[course.best];
    const side = Math.abs(Math.log10(lambda / least)) < 0.15
      ? "near its least"
      : lambda < least ? `its least, ${num(course.valid[course.best], 2)}, is at a larger *λ*` : `its least, ${num(course.valid[course.best], 2)}, was at a smaller *λ*`;
    const gone = s.penalty === "lasso"
      ? `${zeros || "none"} of 10 coefficients ${zeros === 1 ? "is" : "are"} exactly 0`
      : "none of the 10 coefficients is 0";
    const share = `‖*w*‖ = ${num(Math.sqrt(dot2(w, w)))} (${num(Math.sqrt(dot2(first, first)))} at the left end)`;
    return `*λ* = ${num(lambda)}: ${gone}; ${share}. Training error ${num(train)}; validation error ${num(valid)}, ${side}.`;
  });
});
