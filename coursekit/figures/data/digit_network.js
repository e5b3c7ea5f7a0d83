// The network of scikit-learn's digits, and how a drawing becomes one of them: 8×8 numbers of 0 … 16.

import { clamp, range, softmax, sum } from "kit";
import { heldOut, right, weights as hundredths } from "./digit.json";

export { heldOut, right };

const INK = 300; // of 1024 pixels, at least: the data set's digits are normalized to about as much
const ALL = range(10);

/** n rows of n */
export const grid = (n, value) => range(n).map((r) => range(n).map((c) => value(r, c)));

/** The drawing as the data set would have it: 8×8 counts of 4×4 pixels each. */
export function prepare(strokes) {
  const points = strokes.flat();
  if (!points.length) return grid(8, () => 0);
  const [low, high] = [Math.min, Math.max].map((end) => [0, 1].map((i) => end(...points.map((p) => p[i]))));
  const [wide, tall] = [0, 1].map((i) => Math.max(high[i] - low[i], 1e-9));
  const inked = (r) => {
    // The box of the ink is 32 tall and 20 wide, but nothing is stretched much out of its shape.
    const y = (32 - 2 * r) / tall;
    const kx = Math.min((20 - 2 * r) / wide, 1.4 * y);
    const ky = Math.min(y, 2 * kx);
    const on = new Uint8Array(1024);
    for (const stroke of strokes) {
      const path = stroke.map(([x, y]) => [(x - (low[0] + high[0]) / 2) * kx + 16, 16 - (y - (low[1] + high[1]) / 2) * ky]);
      path.forEach(([ax, ay], k) => {
        const [bx, by] = path[k + 1] ?? path[k];
        if (k && k === path.length - 1) return;
        const [dx, dy] = [bx - ax, by - ay];
        const long = dx * dx + dy * dy;
        const near = (a, b) => [Math.min(a, b) - r - 1, Math.max(a, b) + r + 1].map((v) => clamp(Math.round(v), 0, 32));
        const [[top, bottom], [left, beyond]] = [near(ay, by), near(ax, bx)];
        for (let i = top; i < bottom; i++) {
          for (let j = left; j < beyond; j++) {
            const [px, py] = [j + 0.5 - ax, i + 0.5 - ay];
            const t = long ? clamp((px * dx + py * dy) / long, 0, 1) : 0;
            if ((px - t * dx) ** 2 + (py - t * dy) ** 2 <= r * r) on[32 * i + j] = 1;
          }
        }
      });
    }
    return on;
  };
  let [low4, high4] = [4, 24]; // the pen's radius in quarters of a pixel
  while (low4 < high4) {
    const middle = (low4 + high4) >> 1;
    if (sum(inked(middle / 4)) >= INK) high4 = middle;
    else low4 = middle + 1;
  }
  const on = inked(low4 / 4);
  return grid(8, (r, c) => sum(range(16).map((k) => on[32 * (4 * r + (k >> 2)) + 4 * c + (k & 3)])));
}

/** A convolution of 3×3 with a border of zeros; kernel(to, from) is a list of nine. */
function convolve(maps, kernel, bias) {
  const padded = maps.map((map) => [[], ...map, []].map((row) => [0, ...(row.length ? row : Array(8).fill(0)), 0]));
  return bias.map((b, to) => {
    const total = grid(8, () => b);
    padded.forEach((map, from) => {
      const k = kernel(to, from);
      for (let r = 0; r < 8; r++) {
        for (let c = 0; c < 8; c++) {
          for (let i = 0; i < 9; i++) total[r][c] += k[i] * map[r + ((i / 3) | 0)][c + (i % 3)];
        }
      }
    });
    return total;
  });
}
const rectified = (maps) => maps.map((map) => map.map((row) => row.map((x) => Math.max(x, 0))));

/** Everything between the 8×8 pixels and the ten probabilities. */
export function forward(image, own) {
  const [w1, b1, w2, b2, w3, b3] = own.length ? own : hundredths.map((list) => list.map((x) => x / 100));
  const nine = (list, k) => list.slice(9 * k, 9 * k + 9);
  const kernels = [(to) => nine(w1, to), (to, from) => nine(w2, 8 * to + from)];
  const first = rectified(convolve([image], kernels[0], b1));
  const second = rectified(convolve(first, kernels[1], b2));
  const four = (map, r, c) => [map[2 * r][2 * c], map[2 * r][2 * c + 1], map[2 * r + 1][2 * c], map[2 * r + 1][2 * c + 1]];
  const pooled = second.map((map) => grid(4, (r, c) => Math.max(...four(map, r, c))));
  const weight = (k, m, r, c) => w3[256 * k + 16 * m + 4 * r + c];
  const flat = pooled.flat(2);
  const logits = ALL.map((k) => b3[k] + sum(flat.map((x, i) => x * w3[256 * k + i])));
  return { maps: [first, second, pooled], kernels, biases: [b1, b2, b3], weight, logits, p: softmax(logits) };
}
