// Which points hold the line?
//
// Only those at the edge of the street, or inside it: each pushes with a force α, and the forces balance. The hinge is
// flat beyond 1, so whoever is far enough away pulls at nothing. The logistic loss is flat nowhere: there all pull.

import { add, area, arrow, clamp, dot, dot2, figure, glyph, line, max, norm, num, path, range, rule, scale, sigmoid,
  softplus, solve, sum, text } from "kit";

const [WIDE, HIGH] = [4, 3]; // of the plane, in each direction

/**
 * What w, b and the free forces are if these forces stay 0 or C and these points are on the edge of the street: linear
 * equations. Undefined where that is not the solution.
 */
function exact({ points, labels, C }, alpha) {
  const free = range(alpha.length).filter((k) => alpha[k] > 0 && alpha[k] < C);
  if (!free.length || free.length > 3) return undefined;
  const full = points.reduce((total, x, k) => (alpha[k] === C ? add(total, x, C * labels[k]) : total), [0, 0]);
  const rows = free.map((i) => [...free.map((j) => dot2(points[i], points[j])), 1]);
  const right = free.map((i) => labels[i] - dot2(full, points[i]));
  const signs = sum(labels.map((y, k) => (alpha[k] === C ? C * y : 0)));
  const solved = solve([...rows, [...free.map(() => 1), 0]], [...right, -signs]);
  const b = solved.pop();
  const forces = alpha.map((a, k) => (free.includes(k) ? solved[free.indexOf(k)] * labels[k] : a));
  const w = points.reduce((total, x, k) => add(total, x, forces[k] * labels[k]), [0, 0]);
  const content = (x, k) => {
    const slack = labels[k] * (dot2(w, x) + b) - 1;
    if (alpha[k] === 0) return slack > -1e-9;
    return alpha[k] === C ? slack < 1e-9 : forces[k] > 1e-9 * C && forces[k] < C - 1e-9 * C && Math.abs(slack) < 1e-9;
  };
  return points.every(content) ? { alpha: forces, w, b } : undefined;
}

/**
 * Forces α, w and b of the machine, by sequential minimal optimization: always the two points that are least content.
 * It begins with the forces found last, so that dragging takes few rounds.
 */
function machine(s, last) {
  const { points, labels, C } = s;
  const n = points.length;
  const alpha = labels.map((_, k) => (last ? (last.alpha[k] / last.C) * C : 0));
  const first = points.reduce((total, x, k) => add(total, x, alpha[k] * labels[k]), [0, 0]);
  const rest = points.map((x, k) => dot2(first, x) - labels[k]); // w·x − y
  let b = 0;
  for (let round = 0; round < 20000; round++) {
    let [i, j] = [-1, -1];
    for (let k = 0; k < n; k++) {
      const [up, down] = labels[k] > 0 ? [alpha[k] < C, alpha[k] > 0] : [alpha[k] > 0, alpha[k] < C];
      if (up && (i < 0 || rest[k] < rest[i])) i = k;
      if (down && (j < 0 || rest[k] > rest[j])) j = k;
    }
    b = -(rest[i] + rest[j]) / 2;
    if (rest[j] - rest[i] < 1e-10) break;
    const found = round % 20 === 0 && exact(s, alpha);
    if (found) return found;
    const [dx, dy] = [points[i][0] - points[j][0], points[i][1] - points[j][1]];
    const best = (rest[j] - rest[i]) / (dx * dx + dy * dy);
    const room = [labels[i] > 0 ? C - alpha[i] : alpha[i], labels[j] > 0 ? alpha[j] : C - alpha[j]];
    const step = Math.min(best, ...room);
    alpha[i] += labels[i] * step;
    alpha[j] -= labels[j] * step;
    // at an end, whatever the rounding
    for (const k of [i, j]) alpha[k] = alpha[k] < 1e-12 * C ? 0 : alpha[k] > C - 1e-12 * C ? C : alpha[k];
    for (let k = 0; k < n; k++) rest[k] += step * (dx * points[k][0] + dy * points[k][1]);
  }
  const w = points.reduce((total, x, k) => add(total, x, alpha[k] * labels[k]), [0, 0]);
  return { alpha, w, b };
}

/** w and b of logistic regression with the same C, by Newton's method. */
function regression({ points, labels, C }) {
  const loss = (v) => (v[0] ** 2 + v[1] ** 2) / 2
    + C * sum(points.map((x, i) => softplus(-labels[i] * (v[0] * x[0] + v[1] * x[1] + v[2]))));
  let v = [0, 0, 0];
  for (let round = 0; round < 100; round++) {
    const gradient = [v[0], v[1], 0];
    const bend = [[1, 0, 0], [0, 1, 0], [0, 0, 1e-12]];
    points.forEach(([p, q], i) => {
      const x = [p, q, 1];
      const wrong = sigmoid(-labels[i] * dot2(v, x));
      x.forEach((a, k) => {
        gradient[k] -= C * wrong * labels[i] * a;
        x.forEach((c, l) => (bend[k][l] += C * wrong * (1 - wrong) * a * c));
      });
    });
    const step = solve(bend, gradient);
    let size = 1;
    while (size > 1e-9 && !(loss(add(v, step, -size)) <= loss(v))) size /= 2;
    v = add(v, step, -size);
    if (norm(step) < 1e-11) break;
  }
  return { w: v.slice(0, 2), b: v[2] };
}

/** The line w·x + b = level, long enough for the plot. */
function straight({ w, b }, level) {
  const foot = scale(w, (level - b) / dot2(w, w));
  return [-20, 20].map((t) => add(foot, [-w[1] / norm(w), w[0] / norm(w)], t));
}

let known; // both solutions, for what they depend on; the solution is one, whatever it was found from
function solutions(s) {
  const key = JSON.stringify([s.points, s.C]);
  if (known?.key !== key) known = { key, C: s.C, svm: machine(s, known && { alpha: known.svm.alpha, C: known.C }),
    log: regression(s) };
  return known;
}

/** Far enough from the frame to be seen whole. */
const inside = (p) => p.map((v, k) => +clamp(v, 0.2 - [WIDE, HIGH][k], [WIDE, HIGH][k] - 0.2).toFixed(2));

export default figure("Which points hold the line?", (f) => {
  const plane = f.plot({
    name: "The points and the street between the classes", title: "drag any point", x: [-WIDE, WIDE], y: [-HIGH, HIGH],
    equal: true, aspect: 1.22, grow: 1.5, least: 300, xLabel: "*x*_1", yLabel: "*x*_2",
  });
  const curve = f.plot({
    name: "The loss of each point", title: "loss of each point", x: [-1.5, 5.2], y: [-0.12, 2.6], yTicks: [0, 1, 2],
    aspect: 0.82, phone: 1.4, least: 220,
    xLabel: "*y* (*w*·*x* + *b*), the score", yLabel: "loss",
  });

  f.state.points.forEach((_, i) =>
    f.handle(plane, {
      label: `Point ${i ? i + 1 : "A"}`,
      at: (s) => s.points[i],
      move: (x, s) => f.set({ points: s.points.map((old, k) => (k === i ? inside(x) : old)), moved: i }),
      words: (s) => `${s.labels[i] > 0 ? "blue" : "vermilion"}, ${s.points[i].map((x) => num(x)).join(", ")}${solutions(s).svm.alpha[i] > 1e-6 * s.C ? ", a support vector" : ""}`,
      r: 0, // the point is drawn with its class
    }),
  );
  f.slider("C", { label: "price of a violation *C*", min: 0.01, max: 100, step: 0.02, log: true });
  f.toggle("logistic", { label: "and logistic regression" });
  f.predict({
    ask: "You drag point A away from the line, as far as you can. What does the line do?",
    choices: ["It follows A a little", "It turns so that A is better separated", "Nothing"],
    right: 2,
    because: "A’s loss is 0 and flat already: it has no force, and nobody would miss it.",
    when: (s) => s.moved === 0 && !solutions(s).svm.alpha[0],
  });

  f.update((s) => {
    const { points, labels, C, moved } = s;
    const { svm, log } = solutions(s);
    const { alpha, w, b } = svm;
    const holds = alpha.map((a) => a > 1e-6 * C);
    const score = ({ w, b }, i) => labels[i] * (dot2(w, points[i]) + b);
    const wrong = points.filter((_, i) => score(svm, i) <= 0).length;
    const size = norm(w);
    f.read({ w, b, alpha, width: 2 / size, logistic: [...log.w, log.b], holding: sum(holds.map(Number)) });

    const strongest = max(alpha);
    const toward = (i) => scale(w, -labels[i] / size); // from the point to the line
    plane.draw([
      area([...straight(svm, 1), ...straight(svm, -1).reverse()], { color: "ink", opacity: 0.07 }),
      line(straight(svm, 1), { color: "blue", width: 1.5, dash: true }),
      line(straight(svm, -1), { color: "vermilion", width: 1.5, dash: true }),
      line(straight(svm, 0), { width: 2.5 }),
      s.logistic && line(straight(log, 0), { color: "purple", width: 2.5, dash: "9 4 2 4" }),
      points.map((x, i) => holds[i] && arrow(x, add(x, toward(i), 0.25 + (0.75 * alpha[i]) / strongest),
        { color: "orange", width: 2.5 })),
      points.map((x, i) => holds[i] && dot(x, { color: "none", r: 10, ring: "orange" })),
      points.map((x, i) => glyph(x, labels[i], { hollow: score(svm, i) <= 0 })),
    ]);
    plane.drawOver([
      text(points[0], "A", { dx: points[0][0] > WIDE - 0.6 ? -14 : 14, dy: points[0][1] > HIGH - 0.4 ? 9 : -9,
        weight: 600 }),
      s.logistic && text(seen(straight(log, 0), 0.08), "logistic", { color: "purple", size: 12, weight: 600, dx: 4 }),
    ]);

    const at = (m) => clamp(m, -1.5, 5);
    const hinge = (m) => Math.max(0, 1 - m);
    curve.draw([
      rule({ x: 1, color: "muted", dash: true }),
      s.logistic && path((m) => softplus(-m), { color: "purple", width: 2, dash: "9 4 2 4" }),
      line([[-9, 10], [1, 0], [9, 0]], { width: 2.5 }),
      s.logistic && points.map((_, i) => dot([at(score(log, i)), softplus(-score(log, i))],
        { color: "purple", r: 3.5, shape: "diamond" })),
      range(points.length).map((i) => holds[i]
        && dot([at(score(svm, i)), hinge(score(svm, i))], { color: "none", r: 9, ring: "orange" })),
      points.map((_, i) => glyph([at(score(svm, i)), hinge(score(svm, i))], labels[i], { opacity: 0.85, r: 4 })),
    ]);
    curve.drawOver([
      text([at(score(svm, 0)), hinge(score(svm, 0))], "A", { dy: -14, weight: 600 }),
      text([0, 1], "hinge", { dx: -8, dy: 6, anchor: "end", size: 12 }),
      text([3.1, 0.5], "flat: no force", { color: "muted", size: 12 }),
    ]);

    const count = sum(holds.map(Number));
    const name = moved === 0 ? "A" : "the point you moved";
    const title = name[0].toUpperCase() + name.slice(1);
    const idle = `${title} has no force: the line stands where it would stand without it. `;
    const last = moved < 0 ? "" : holds[moved] ? `Now ${name} holds it, too. ` : idle;
    const street = `${count} of ${points.length} points hold the line: the street is ${num(2 / size)} wide, and their forces balance.`;
    const errors = wrong ? ` ${wrong} on the wrong side.` : "";
    return `${last}${street}${errors}${s.logistic ? ` Logistic regression: slope nowhere 0, all ${points.length} pull.` : ""}`;
  });

  /** A place on the line where its name can stand, a share of the way along what is seen of it. */
  function seen([p, q], share) {
    const along = range(401).map((i) => add(p, add(q, p, -1), i / 400));
    const shown = along.filter(([x, y]) => Math.abs(x) < WIDE - 0.5 && Math.abs(y) < HIGH - 0.2);
    return shown.length ? shown[Math.floor(share * (shown.length - 1))] : [0, 9];
  }
});
