// Why does one wrong point move the line?
//
// Because a point is a line, too: in the plane of all weights it cuts off those for which it is wrong. A step walks
// straight across that cut, and every other point feels it.

import { add, area, arrow, dot, dot2, figure, glyph, line, min, norm, num, point, scale, signed, text } from "kit";

const REACH = 3; // of both plots, in each direction
const SQUARE = [[-9, -9], [9, -9], [9, 9], [-9, 9]];

/** The part of a polygon where a·p + c ≥ 0 (Sutherland and Hodgman). */
function cut(polygon, a, c) {
  return polygon.flatMap((p, i) => {
    const q = polygon[(i + 1) % polygon.length];
    const [here, there] = [dot2(a, p) + c, dot2(a, q) + c];
    const crossing = here < 0 !== there < 0 ? [add(p, add(q, p, -1), here / (here - there))] : [];
    return here >= 0 ? [p, ...crossing] : crossing;
  });
}

/** The line a·p + c = 0, long enough for any plot. */
function straight(a, c) {
  const length = norm(a);
  if (!length) return [];
  const foot = scale(a, -c / length ** 2);
  const along = [-a[1] / length, a[0] / length];
  return [add(foot, along, -20), add(foot, along, 20)];
}

export default figure("Why does one wrong point move the line?", (f) => {
  const axes = { x: [-REACH, REACH], y: [-REACH, REACH], equal: true, aspect: 1, least: 260 };
  const data = f.plot({ ...axes, name: "The points and the line", title: "points", xLabel: "*x*_1", yLabel: "*x*_2" });
  const weights = f.plot({ ...axes, name: "The plane of all weights", title: "weights", xLabel: "*w*_1", yLabel: "*w*_2" });

  const score = (s, i) => s.labels[i] * (dot2(s.w, s.points[i]) + s.b);
  const wrong = (s) => s.points.map((_, i) => i).filter((i) => score(s, i) <= 0);

  async function step(s) {
    const i = s.next;
    const [x, y] = [s.points[i], s.labels[i]];
    const before = [s.w, s.b];
    const own = await f.python("update", s.w, s.b, x, y);
    let after = before;
    if (own) after = own;
    else if (score(s, i) <= 0) after = [add(s.w, x, y), s.b + (s.bias ? y : 0)];
    const changed = JSON.stringify(after) !== JSON.stringify(before);
    f.set({ w: after[0], b: after[1], next: (i + 1) % s.points.length, ...(changed && { trail: [...s.trail.slice(-40), before] }) });
  }

  f.handle(weights, {
    label: "The weights *w*",
    at: (s) => s.w,
    move: (w) => f.set({ w, trail: [] }),
    words: (s) => `w 1 is ${num(s.w[0])}, w 2 is ${num(s.w[1])}`,
    color: "ink",
  });
  f.slider("b", { label: "bias *b*", min: -3, max: 3, step: 0.1 });
  f.player({ step, done: (s) => wrong(s).length === 0, every: 700, label: "Look at the next point" });
  f.toggle("bias", { label: "steps change *b*, too" });
  f.predict({
    ask: "The next point (ringed) is on the wrong side. What will one step of the rule do?",
    choices: ["Put this point right, and harm none", "Turn the line toward this point, whatever that does to others", "Reduce the number of wrong points"],
    right: 1,
    because: "A step adds *y* *x* and looks at nothing else: this point’s own score rises by ‖*x*‖^2, the others’ rise or fall.",
    when: (s) => s.trail.length > 0,
  });

  f.update((s) => {
    const { points, labels, w, b } = s;
    const bad = wrong(s);
    const i = s.next;
    const ahead = score(s, i) <= 0;
    const edge = straight(w, b);
    const nearest = min(points, (_, k) => score(s, k)) / norm(w);
    f.read({ mistakes: bad.length, margin: nearest, score: score(s, i), step: scale(points[i], labels[i]) });

    const side = (sign) => area(norm(w) ? cut(SQUARE, scale(w, sign), sign * b) : [], { color: sign > 0 ? "blue" : "vermilion", opacity: 0.12 });
    const foot = norm(w) ? scale(w, -b / norm(w) ** 2) : [0, 0];
    data.draw([
      side(1),
      side(-1),
      line(edge, { width: 2 }),
      norm(w) > 0 && arrow(foot, add(foot, w), { width: 2 }),
      points.map((x, k) => glyph(x, labels[k], { hollow: bad.includes(k) })),
      dot(points[i], { color: "none", r: 10, ring: "orange" }),
    ]);
    data.drawOver([norm(w) > 0.4 && text(add(foot, w), "*w*", { dx: 12, weight: 600 })]);

    let wedge = SQUARE;
    points.forEach((x, k) => (wedge = cut(wedge, scale(x, labels[k]), labels[k] * b)));
    const next = add(w, points[i], labels[i]);
    weights.draw([
      wedge.length > 2 && area(wedge, { color: "green", opacity: 0.3 }),
      points.map((x, k) => line(straight(x, b), { color: bad.includes(k) ? "muted" : "faint", width: 1 })),
      // the side on which the next point is wrong
      area(cut(SQUARE, scale(points[i], -labels[i]), -labels[i] * b), { color: "orange", opacity: 0.13 }),
      line(straight(points[i], b), { color: "orange", width: 2 }),
      line([...s.trail.map(([v]) => v), w], { color: "muted", width: 1.5 }),
      s.trail.map(([v]) => dot(v, { color: "muted", r: 3 })),
      ahead && arrow(w, next, { color: "orange", width: 2.5 }),
    ]);
    const middle = wedge.length > 2 && wedge.filter((p) => norm(p) < 2.9 * REACH);
    weights.drawOver([
      ahead && text(next, labels[i] > 0 ? "+*x*" : "−*x*", { dx: 12, dy: -8, weight: 600 }),
      middle?.length > 0 && text(centre(wedge), "no mistakes", { color: "green", size: 12 }),
    ]);

    const name = `Point ${i + 1} (${labels[i] > 0 ? "blue, +1" : "vermilion, −1"})`;
    const here = `*w*·*x* + *b* = ${num(dot2(w, points[i]) + b)}`;
    const count = bad.length === 0 ? "No point is wrong: *w* is in the green wedge, and the rule rests." : `${bad.length} of ${points.length} points are wrong.`;
    if (!bad.length) return `${count} Margin ${num(nearest)}.`;
    if (!ahead) return `${name} is right: ${here}. The step will pass it by. ${count}`;
    return `${name} is wrong: ${here}. The step adds ${signed(labels[i])} · ${point(points[i])} to *w*, straight across this point’s line in the plane of weights. ${count}`;
  });

  /** A place for the wedge's label: the middle of what of it is to be seen. */
  function centre(wedge) {
    let seen = wedge;
    for (const [a, c] of [[[1, 0], REACH], [[-1, 0], REACH], [[0, 1], REACH], [[0, -1], REACH]]) seen = cut(seen, a, c);
    return seen.length ? scale(seen.reduce((total, p) => add(total, p)), 1 / seen.length) : [9, 9];
  }
});
