// What does a matrix do to the plane?
//
// It says where the two basis vectors go; everything else follows them, for the grid stays a grid. Its columns are the
// two arrows, its determinant is the area into which the unit square goes, and its eigenvectors keep their lines.

import { add, apply, area, arrow, figure, fixed, line, norm, num, point, range, scale, text } from "kit";

const REACH = 3;
const columns = ([p, q]) => [[p[0], q[0]], [p[1], q[1]]]; // the matrix with these columns
const det = ([[a, b], [c, d]]) => a * d - b * c;

/** [[eigenvalue, unit eigenvector or null], …], real ones only, the larger first. */
function eigen([[a, b], [c, d]]) {
  const half = (a + d) / 2;
  const inside = ((a - d) / 2) ** 2 + b * c;
  if (inside < -1e-12) return [];
  const root = Math.sqrt(Math.max(inside, 0));
  const values = root < 1e-6 ? [half] : [half + root, half - root];
  return values.map((value) => {
    const [v, w] = [[b, value - a], [value - d, c]]; // two ways to solve (A − value) v = 0
    const longer = norm(v) > norm(w) ? v : w;
    return [value, norm(longer) < 1e-9 ? null : scale(longer, 1 / norm(longer))];
  });
}

export default figure("What does a matrix do to the plane?", (f) => {
  const plane = f.plot({
    name: "The plane, as the matrix moves it", x: [-REACH, REACH], y: [-REACH, REACH], xLabel: "*x*_1", yLabel: "*x*_2",
    equal: true, aspect: 1.15, least: 300, grow: 2, xTicks: 7, yTicks: 7,
  });
  const sum = f.plot({
    name: "The matrix and its product with x", x: [0, 10], y: [-9.2, 0], aspect: 0.95, least: 200, grow: 1,
  });

  /** The matrix on its way from the identity to A. */
  const now = (s) => columns([add(scale([1, 0], 1 - s.t), s.first, s.t), add(scale([0, 1], 1 - s.t), s.second, s.t)]);
  const image = (s, x) => apply(now(s), x);
  // A dragged arrow shows where the matrix on its way has brought it; what is written is A itself.
  const grab = (name, label, basis, color) =>
    f.handle(plane, {
      label,
      at: (s) => image(s, basis),
      move: (p, s) => f.set({
        [name]: s.t < 0.2 ? p : scale(add(p, basis, s.t - 1), 1 / s.t), ...(s.t < 0.2 && { t: 1 }),
      }),
      words: (s) => `it goes to ${point(s[name])}`,
      color,
      r: 6,
    });
  grab("first", "Where (1, 0) goes", [1, 0], "vermilion");
  grab("second", "Where (0, 1) goes", [0, 1], "green");
  f.handle(plane, { label: "The vector *x*", at: (s) => s.x, move: (x) => f.set({ x }), color: "ink", r: 5 });
  f.slider("t", { label: "from *I* to *A*", min: 0, max: 1, step: 0.01, format: (t) => fixed(t) });
  f.toggle("eigen", { label: "directions that stay" });
  f.predict({
    ask: "Drag the green arrow’s tip across the line of the vermilion one, to its other side. What happens to the unit square?",
    choices: [
      "It grows", "It is crushed to nothing, and comes back turned over",
      "It cannot be done: an area is never negative",
    ],
    right: 1,
    because: "On the line the columns are dependent and the determinant is 0: the plane is crushed onto a line. Beyond it the determinant is negative, and left and right are exchanged.",
    when: (s) => s.t > 0.5 && det(columns([s.first, s.second])) < 0,
  });

  f.update((s) => {
    const A = now(s);
    const [p, q] = columns(A); // its columns
    const y = apply(A, s.x);
    const size = det(A);
    const found = eigen(A);
    f.read({
      matrix: A, product: y, determinant: size, eigenvalues: found.map(([value]) => value),
      eigenvectors: found.map(([, v]) => v && v.map(Math.abs)),
    });

    const grid = (move, options, every = range(-12, 13)) => every.flatMap((k) => [
      line([move([k, -12]), move([k, 12])], options), line([move([-12, k]), move([12, k])], options),
    ]);
    const stay = s.eigen ? found.filter(([, v]) => v) : [];
    const corner = add(p, q);
    plane.draw([
      grid((v) => v, { color: "faint", width: 0.7 }),
      grid((v) => apply(A, v), { color: "sky", width: 1, opacity: 0.75 }),
      grid((v) => apply(A, v), { color: "blue", width: 1.8 }, [0]),
      area([[0, 0], p, corner, q], { color: size < 0 ? "vermilion" : "blue", opacity: 0.3 }),
      stay.map(([, v]) => line([scale(v, -20), scale(v, 20)], { color: "purple", width: 2, dash: "8 5" })),
      // Ax as the columns' combination: x1 times the first, then x2 times the second
      line([[0, 0], scale(p, s.x[0])], { color: "vermilion", width: 6, opacity: 0.35 }),
      line([scale(p, s.x[0]), y], { color: "green", width: 6, opacity: 0.35 }),
      arrow([0, 0], p, { color: "vermilion", width: 3 }),
      arrow([0, 0], q, { color: "green", width: 3 }),
      arrow([0, 0], s.x, { color: "muted", width: 1.8, dash: "4 3" }),
      arrow([0, 0], y, { color: "ink", width: 2.2 }),
    ]);
    const away = (v, pixels) => ({ dx: (pixels * v[0]) / (norm(v) || 1), dy: (-pixels * v[1]) / (norm(v) || 1) });
    const near = (v) => Math.max(...v.map(Math.abs)) < REACH;
    plane.drawOver([
      text(s.x, "*x*", { color: "muted", weight: 600, ...away(s.x, 16) }),
      near(y) && norm(add(y, s.x, -1)) > 0.3 && text(y, "*Ax*", { weight: 600, ...away(y, 17) }),
      near(corner) && Math.abs(size) > 0.15 && text(scale(corner, 0.5), num(size, 2), {
        color: size < 0 ? "vermilion" : "blue", weight: 600,
      }),
      stay.filter(([value]) => Math.abs(value) > 1e-9).map(([value, v]) => text(
        scale(v, v[1] < 0 ? -2.6 : 2.6), `× ${num(value)}`, { color: "purple", weight: 600, dx: 20 },
      )),
    ]);

    const two = (x) => fixed(x, 2);
    const write = (x, y, label, options) => text([x, y], label, { size: 14, anchor: "end", halo: false, ...options });
    const brackets = (x0, x1, y0, y1) => [[x0, 1], [x1, -1]].map(([x, side]) => line(
      [[x + 0.25 * side, y0], [x, y0], [x, y1], [x + 0.25 * side, y1]], { width: 1.3 },
    ));
    sum.draw([
      brackets(2.4, 7.6, -0.2, -2.6),
      brackets(2.4, 4.9, -3.5, -5.9),
      [0, 1].map((row) => [
        write(4.8, -0.85 - 1.1 * row, two(p[row]), { color: "vermilion", weight: 600 }),
        write(7.3, -0.85 - 1.1 * row, two(q[row]), { color: "green", weight: 600 }),
        write(4.6, -4.15 - 1.1 * row, two(y[row]), { weight: 600 }),
      ]),
      text([1.1, -1.4], s.t < 1 ? "*A*_t =" : "*A* =", { size: 14, halo: false }),
      text([1.1, -4.7], "*Ax* =", { size: 14, halo: false }),
      text([5.2, -4.15], `= ${two(s.x[0])}`, { anchor: "start", halo: false }),
      text([5.2, -5.25], `+ ${two(s.x[1])}`, { anchor: "start", halo: false }),
      arrow([8.1, -4.15], [9.6, -4.15], { color: "vermilion", width: 3 }),
      arrow([8.1, -5.25], [9.6, -5.25], { color: "green", width: 3 }),
      text([0.2, -7.3], `det = ${two(size)}`, {
        anchor: "start", color: size < 0 ? "vermilion" : "blue", weight: 600, size: 14, halo: false,
      }),
      text(
        [0.2, -8.5],
        found.length ? `eigenvalues ${found.map(([value]) => two(value)).join(", ")}` : "eigenvalues not real",
        { anchor: "start", color: "purple", size: 13, halo: false },
      ),
    ]);

    const flat = Math.abs(size) < 0.005;
    const does = flat
      ? norm(p) + norm(q) < 0.01 ? "Everything goes to 0." : "The columns lie on one line: the whole plane is crushed onto it, and no inverse brings it back."
      : `The unit square’s area becomes ${num(Math.abs(size))}${size < 0 ? ", and the plane is turned over: the determinant is negative" : ""}.`;
    const same = Math.abs(A[0][1]) + Math.abs(A[1][0]) + Math.abs(A[0][0] - A[1][1]) < 1e-9;
    const turned = same
      ? ` Every direction stays, and is multiplied by ${num(A[0][0])}.`
      : found.length ? ` ${found.length > 1 ? "Two directions stay" : "One direction stays"}, multiplied by ${found.map(([value]) => num(value)).join(" and ")}.` : " Every direction turns: there is no real eigenvalue.";
    return `${does}${turned} *Ax* is ${num(s.x[0])} of the first column and ${num(s.x[1])} of the second: ${point(y)}.`;
  });
});
