// Why does descent zigzag?
//
// Because downhill is not toward the minimum: it is at right angles to the contour, and in a ravine that is almost
// straight across. Momentum averages the zigzag away. Adam rescales every coordinate, which mends a ravine that lies
// along a coordinate and does nothing for the same ravine turned by 45°; to gradient descent all directions are alike.

import { add, area, arrow, clamp, dot, dot2, figure, line, norm, num, range, rule, scale, text } from "kit";

const REACH = 4.7; // of the plot, in each direction
const NEAR = 0.2; // of the minimum: arrived
const REST = 50; // for so many steps
const MOST = 1000; // steps
const LOST = 1e4; // so far out: diverged
const ANGLES = range(0, 91, 5);
const METHODS = [
  { name: "descent", color: "blue" },
  { name: "momentum", color: "purple", dash: "6 3" },
  { name: "Adam", color: "orange" },
];
const unit = (degrees) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
/** Between the ravine's own axes and the coordinates. */
const turn = ([u, v], angle, [c, s] = unit(angle)) => [c * u - s * v, s * u + c * v];

/** One run: how many steps it needs to arrive, whether it diverged, and, if wanted, its path up to there. */
function run(method, s, angle, trail) {
  const [c, d] = unit(angle);
  const flat = 1 / s.condition;
  const [a, b, e] = [flat * c * c + d * d, (flat - 1) * c * d, flat * d * d + c * c]; // the Hessian [[a, b], [b, e]]
  let [x, y] = turn(s.start, angle);
  let [mx, my, vx, vy] = [0, 0, 0, 0];
  trail?.push([x, y]);
  let [first, second] = [1, 1]; // 1 minus these corrects Adam's averages, which begin at 0
  let steps = 0; // the first that is inside and stays
  for (let t = 1; t <= MOST; t++) {
    if (x * x + y * y > NEAR ** 2) steps = t;
    if (t - steps >= REST) break;
    const [gx, gy] = [a * x + b * y, b * x + e * y];
    const keep = method ? 0.9 : 0;
    mx = keep * mx + (1 - keep) * gx;
    my = keep * my + (1 - keep) * gy;
    if (method < 2) {
      x -= s.rate * mx;
      y -= s.rate * my;
    } else {
      vx = 0.999 * vx + 0.001 * gx * gx;
      vy = 0.999 * vy + 0.001 * gy * gy;
      first *= 0.9;
      second *= 0.999;
      x -= (s.adam_rate * mx) / (1 - first) / (Math.sqrt(vx / (1 - second)) + 1e-8);
      y -= (s.adam_rate * my) / (1 - first) / (Math.sqrt(vy / (1 - second)) + 1e-8);
    }
    trail?.push([x, y]);
    if (x * x + y * y > LOST ** 2) return { steps: MOST, trail, lost: true };
  }
  return { steps, trail: trail?.slice(0, steps + 1), lost: false };
}

let known; // steps at every angle, for what they depend on
function curves(s) {
  const key = JSON.stringify([s.condition, s.start, s.rate, s.adam_rate]);
  if (known?.key !== key) known = { key, steps: METHODS.map((_, m) => ANGLES.map((angle) => run(m, s, angle).steps)) };
  return known.steps;
}

const count = ({ steps, lost }) => (lost ? "diverges" : steps >= MOST ? `over ${MOST}` : `${steps}`);

export default figure("Why does descent zigzag?", (f) => {
  const map = f.plot({
    name: "The ravine and three ways down", title: "drag the start, turn the ravine",
    x: [-REACH, REACH], y: [-REACH, REACH], equal: true, aspect: 1, grow: 1.3, least: 300,
    xLabel: "*x*_1", yLabel: "*x*_2",
  });
  const chart = f.plot({
    name: "Steps needed at every angle", title: "steps to the minimum", x: [-2, 92], y: [10, MOST * 1.3], yLog: true,
    xTicks: [0, 15, 30, 45, 60, 75, 90], yTicks: [10, 30, 100, 300, 1000], aspect: 0.77, phone: 1.1, grow: 1,
    least: 240,
    xLabel: "angle of the ravine, degrees", yLabel: "steps",
  });

  f.handle(map, {
    label: "Start",
    at: (s) => turn(s.start, s.angle),
    move: (p, s) => f.set({ start: turn(scale(p, Math.min(1, 4.4 / (norm(p) || 1))),
      -s.angle).map((x) => +x.toFixed(3)) }),
  });
  f.handle(map, {
    label: "Direction of the ravine",
    at: (s) => scale(unit(s.angle), 4.3),
    move: ([x, y], s) => {
      const degrees = (Math.atan2(y, x) * 180) / Math.PI;
      f.set({ angle: degrees < -90 ? s.angle : clamp(Math.round(degrees), 0, 90) });
    },
    step: 0.25,
    words: (s) => `${num(s.angle)} degrees`,
    color: "muted",
  });
  f.slider("angle", { label: "angle", min: 0, max: 90, step: 1, format: (x) => `${num(x)}°` });
  f.slider("condition", { label: "condition number κ", min: 1, max: 100, step: 0.01, log: true });
  f.slider("rate", { label: "learning rate η", min: 0.1, max: 2.1, step: 0.05 });
  f.slider("adam_rate", { label: "Adam’s rate", min: 0.02, max: 1, step: 0.01, log: true });
  f.predict({
    ask: "You turn ravine and start together by 45°. The hill keeps its shape. Who then needs far more steps?",
    choices: ["Nobody: the hill is the same", "Gradient descent", "Adam"],
    right: 2,
    because:
      "Adam evens out the gradient coordinate by coordinate; in the turned ravine both coordinates are equally steep, and nothing is left to even out.",
    when: (s) => s.angle > 30 && s.angle < 60,
  });

  f.update((s) => {
    const runs = METHODS.map((_, m) => run(m, s, s.angle, []));
    const steps = curves(s);
    const start = turn(s.start, s.angle);
    const slope = [s.start[0] / s.condition, s.start[1]]; // the gradient, in the ravine's own axes
    const steep = norm(slope) * norm(s.start);
    const off = steep ? (Math.acos(clamp(dot2(slope, s.start) / steep, -1, 1)) * 180) / Math.PI : 0;
    const loss = dot2(slope, s.start) / 2;
    f.read({
      steps: runs.map((r) => r.steps),
      lost: runs.map((r) => r.lost),
      early: runs.map((r) => r.trail[Math.min(10, r.trail.length - 1)]),
      adam: steps[2],
      off,
    });

    const ellipse = (level) =>
      range(90).map((i) => {
        const [c, d] = unit(4 * i);
        return turn([Math.sqrt(2 * level * s.condition) * c, Math.sqrt(2 * level) * d], s.angle);
      });
    const down = norm(slope) ? turn(scale(slope, -1 / norm(slope)), s.angle) : [0, 0];
    const tangent = [-down[1], down[0]];
    const corner = [add(start, tangent, 0.25), add(add(start, tangent, 0.25), down, 0.25), add(start, down, 0.25)];
    map.draw([
      [0.01, 0.04, 0.16, 0.64, 2.56, 10].map((level) =>
        [area(ellipse(level), { opacity: 0.055 }), line(ellipse(level), { color: "faint", width: 1, closed: true })]),
      line(ellipse(loss), { color: "muted", width: 1.5, closed: true }),
      line([start, [0, 0]], { color: "green", width: 1.5, dash: "2 4" }),
      line([scale(unit(s.angle), -9), scale(unit(s.angle), 9)], { color: "muted", width: 1, dash: "1 5" }),
      runs.map((r, m) => line(r.lost ? r.trail.slice(0, 60) : r.trail, { ...METHODS[m], width: m === 2 ? 2.5 : 1.75 })),
      runs[0].trail.slice(0, 20).map((p) => dot(p, { color: "blue", r: 3 })),
      line(range(24).map((i) => scale(unit(15 * i), NEAR)), { color: "green", width: 2, closed: true }),
      loss > 0 && line(corner, { color: "ink", width: 1 }),
      loss > 0 && arrow(start, add(start, down, 1.5), { width: 2.5 }),
    ]);
    const outward = scale(tangent, Math.sign(dot2(tangent, start)) || 1);
    map.drawOver([
      loss > 0 && text(add(add(start, down, 1), outward, 0.6), "−∇*f*", { weight: 600 }),
      text([0, 0], "minimum", { color: "green", size: 12, dx: 8, dy: 20, anchor: "start" }),
      text(scale(unit(s.angle), 4.3), "turn",
        { color: "muted", size: 12, dx: -16 - 10 * unit(s.angle)[1], dy: 20 * unit(s.angle)[0] }),
    ]);

    const low = (value) => Math.max(value, 10);
    chart.draw([
      rule({ x: s.angle, color: "muted", dash: true }),
      METHODS.map((method, m) => {
        const drawn = ANGLES.filter((angle) => angle < s.angle).map((angle, i) => [angle, low(steps[m][i])]);
        return line([...drawn, [s.angle, low(runs[m].steps)]], { ...method, width: 2.5 });
      }),
      runs.map((r, m) => dot([s.angle, low(r.steps)],
        { color: METHODS[m].color, r: 5.5, shape: ["disk", "square", "triangle"][m] })),
    ]);
    // The names beside the points, from the top down and apart.
    let above = -Infinity;
    const left = s.angle > 45;
    chart.drawOver(
      range(3).sort((i, j) => runs[j].steps - runs[i].steps).map((m) => {
        const own = chart.Y(low(runs[m].steps));
        above = Math.max(own - (left ? 10 : 0), above + 17);
        const label = `${METHODS[m].name}: ${count(runs[m])}`;
        return text([s.angle, low(runs[m].steps)], label,
          { color: METHODS[m].color, dx: left ? -10 : 11, dy: above - own, anchor: left ? "end" : "start", size: 12,
            weight: 600 });
      }),
    );

    const factor = (curvature) => num(1 - s.rate * curvature);
    const zigzag = `Downhill is at right angles to the contour, ${num(off)}° away from the minimum. ` +
      `Each step of gradient descent multiplies the distance across the ravine by ${factor(1)}, ` +
      `along it by ${factor(1 / s.condition)}.`;
    const needs = (r) => count(r) + (r.lost ? "" : " steps");
    const [own, straight] = [count(runs[2]), steps[2][0] >= MOST ? `over ${MOST}` : steps[2][0]];
    const adam = s.angle % 90 ? `Turned by ${num(s.angle)}°, Adam needs ${own} steps (at 0°: ${straight}), ` +
      `gradient descent ${needs(runs[0])} at every angle.` : `To the minimum: gradient descent ${needs(runs[0])}, momentum ${needs(runs[1])}, Adam ${own} steps.`;
    return `${zigzag} ${adam}`;
  });
});
