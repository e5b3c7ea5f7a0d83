// Arithmetic that several figures need. Vectors are arrays, matrices are arrays of rows.

export const clamp = (x, low, high) => Math.min(Math.max(x, low), high);
export const sum = (xs) => xs.reduce((a, b) => a + b, 0);
export const mean = (xs) => sum(xs) / xs.length;
export const dot2 = (a, b) => a.reduce((total, x, i) => total + x * b[i], 0);
export const norm = (a) => Math.sqrt(dot2(a, a));
export const add = (a, b, times = 1) => a.map((x, i) => x + times * b[i]);
export const scale = (a, times) => a.map((x) => x * times);
export const transpose = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));
/** matrix (n, m) times vector (m) → (n) */
export const apply = (rows, x) => rows.map((row) => dot2(row, x));
/** (n, m) times (m, k) → (n, k) */
export const matmul = (a, b) => {
  const columns = transpose(b);
  return a.map((row) => columns.map((column) => dot2(row, column)));
};
export const linspace = (low, high, n) => Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));
export const argmax = (xs) => xs.reduce((best, x, i) => (x > xs[best] ? i : best), 0);

export const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
export const relu = (z) => Math.max(z, 0);
/** log(1 + e^z) without overflow */
export const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
export const logSumExp = (zs) => {
  const top = Math.max(...zs);
  return top + Math.log(sum(zs.map((z) => Math.exp(z - top))));
};
export const softmax = (zs) => {
  const total = logSumExp(zs);
  return zs.map((z) => Math.exp(z - total));
};
/** density of the normal distribution */
export const gaussian = (x, mu = 0, sigma = 1) =>
  Math.exp(-0.5 * ((x - mu) / sigma) ** 2) / (sigma * Math.sqrt(2 * Math.PI));

/** x with a x = b, by elimination with pivots. a (n, n), b (n) → (n) */
export function solve(a, b) {
  const rows = a.map((row, i) => [...row, b[i]]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const times = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= times * rows[k][j];
    }
  }
  const x = Array(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let rest = rows[i][n];
    for (let j = i + 1; j < n; j++) rest -= rows[i][j] * x[j];
    x[i] = rest / rows[i][i];
  }
  return x;
}
