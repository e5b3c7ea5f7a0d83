// Which output comes from which inputs?
//
// Those under the kernel's taps. Slide it and count its stops: an output is a place where the whole kernel fits. Cells
// at the edge are in few places, or, where the last stride would stick out, in none.

import { box, clamp, dot, figure, line, num, range, text } from "kit";

/** What follows from the state. taps: for each stop along one axis the cells under the taps, also those of padding. */
function slide({ size: n, kernel, padding, stride, dilation, at }) {
  const span = dilation * (kernel - 1) + 1; // cells from the first to the last tap
  const starts = range(-padding, n + padding - span + 1, stride);
  const taps = starts.map((start) => range(kernel).map((k) => start + dilation * k));
  const m = starts.length;
  const used = range(n).map((cell) => taps.filter((stop) => stop.includes(cell)).length);
  const here = m ? clamp(at, 0, m * m - 1) : 0;
  const past = m ? starts[m - 1] + stride + span - (n + padding) : 0; // how far the next stop would stick out
  return { n, m, span, starts, taps, used, here, row: m ? Math.floor(here / m) : 0, column: m ? here % m : 0, past };
}

export default figure("Which output comes from which inputs?", (f) => {
  const input = f.plot({ name: "The input under the kernel", title: "input: how many outputs use each cell",
    aspect: 0.72, least: 260 });
  const output = f.plot({ name: "The output", title: "output", aspect: 0.95, least: 260 });

  f.handle(input, {
    label: "The kernel",
    at: (s) => {
      const { m, starts, row, column, span } = slide(s);
      return m ? [starts[column] + span / 2, -starts[row] - span / 2] : null;
    },
    move: ([x, y], s, way) => {
      const { m, starts, row, column, span } = slide(s);
      const stop = (cell) => clamp(Math.round((cell - span / 2 - starts[0]) / s.stride), 0, m - 1);
      const [r, c] = way ? [clamp(row - way[1], 0, m - 1), clamp(column + way[0], 0, m - 1)] : [stop(-y), stop(x)];
      f.set({ at: r * m + c });
    },
    words: (s) => `at output row ${slide(s).row + 1}, column ${slide(s).column + 1}`,
  });
  f.player({
    step: (s) => f.set({ at: slide(s).here + 1 }),
    done: (s) => slide(s).here >= slide(s).m ** 2 - 1,
    every: 350,
    label: "Slide on",
  });
  f.slider("size", { label: "input size", min: 3, max: 12, step: 1 });
  f.slider("kernel", { label: "kernel size", min: 1, max: 5, step: 1 });
  f.slider("padding", { label: "padding", min: 0, max: 4, step: 1 });
  f.slider("stride", { label: "stride", min: 1, max: 4, step: 1 });
  f.slider("dilation", { label: "dilation", min: 1, max: 3, step: 1 });
  f.predict({
    ask: "The output is 6 × 6. You set the stride to 2, and nothing else. How large will it be?",
    choices: ["4 × 4, half of the input", "3 × 3", "3.5 rounded up: 4 × 4, with padding at the edge"],
    right: 1,
    because: "The fourth stop would stick out by one cell, so it does not exist, and the last row and column are used by no output.",
    when: (s) => s.stride === 2 && s.size === 8 && s.kernel === 3 && s.padding === 0 && s.dilation === 1,
  });

  f.update((s) => {
    const { n, m, span, starts, taps, used, here, row, column, past } = slide(s);
    const pad = s.padding;
    const cells = m ? taps[row].flatMap((r) => taps[column].map((c) => [r, c])) : [];
    const inside = cells.filter(([r, c]) => r >= 0 && c >= 0 && r < n && c < n);
    const never = n * n - used.filter(Boolean).length ** 2;
    f.read({
      size: m,
      cells: inside.map(([r, c]) => r * n + c),
      padded: cells.length - inside.length,
      used: used.flatMap((a) => used.map((b) => a * b)),
      never,
    });

    // Both plots have cells of one size; row r of the input reaches from y = −r down to −r − 1.
    const wide = Math.max(n + 2 * pad, m);
    const stairs = 0.34 * wide; // height of the steps along one row, below the input
    const low = -(n + pad) - 0.05 * wide; // their upper edge
    const left = -pad - 0.02 * wide;
    Object.assign(input, { x: [left, left + 1.12 * wide], y: [low - stairs - 0.02 * wide, pad + 0.02 * wide] });
    Object.assign(output, { x: [-0.02 * wide, 1.1 * wide], y: [-1.1 * wide, 0.05 * wide] });
    input.layout();
    output.layout();
    const pixels = input.X(1) - input.X(0);
    const square = (r, c, options) => box([c, -r], [c + 1, -r - 1], { color: "none", ...options });
    const most = Math.max(...used, 1) ** 2;
    const step = Math.min(stairs / (m + 1), 0.9);
    const up = (i) => low - i * step;
    const ended = starts.length ? starts[m - 1] + s.stride : -pad;
    input.draw([
      range(-pad, n + pad).flatMap((r) => range(-pad, n + pad).map((c) => {
        const real = r >= 0 && c >= 0 && r < n && c < n;
        if (!real) return square(r, c, { stroke: "faint", width: 0.7 });
        const times = used[r] * used[c];
        return square(r, c, { color: times ? "muted" : "orange", opacity: times ? 0.35 * (times / most) : 0.35,
          stroke: "muted", width: 0.8 });
      })),
      inside.map(([r, c]) => square(r, c, { color: "blue", opacity: 0.45 })),
      cells.map(([r, c]) => square(r, c, { stroke: "blue", width: 2 })),
      m > 0 && box([starts[column], -starts[row]], [starts[column] + span, -starts[row] - span],
        { color: "none", stroke: "ink", width: 2.5 }),
      // the stops along one row of the input, one below the other
      [-pad, n + pad].map((x) => line([[x, low], [x, low - stairs]], { color: "muted", width: 1, dash: "2 3" })),
      taps.map((stop, i) =>
        stop.map((cell) => box([cell + 0.06, up(i) - 0.12 * step], [cell + 0.94, up(i) - 0.88 * step],
          { color: "blue", opacity: i === column ? 0.9 : 0.35 })),
      ),
      taps.map((stop, i) => i === column && box([stop[0], up(i)], [stop[0] + span, up(i) - step],
        { color: "none", stroke: "ink", width: 2 })),
      range(s.kernel).map((k) =>
        box([ended + s.dilation * k + 0.06, up(m) - 0.12 * step], [ended + s.dilation * k + 0.94, up(m) - 0.88 * step],
          { color: "none", stroke: "vermilion", width: 1.5 }),
      ),
    ]);
    input.drawOver([
      text([-pad, low - stairs], "stops along one axis",
        { color: "muted", size: 11.5, anchor: "start", dx: 4, dy: -4 }),
      pixels > 15 && range(n).flatMap((r) => range(n).map((c) => text([c + 0.5, -r - 0.5], used[r] * used[c] || "×",
        { size: pixels > 22 ? 12 : 10, halo: false }))),
    ]);
    const cell = (r, c, options) => square(r, c, { stroke: "muted", width: 0.8, ...options });
    output.draw([
      range(m).flatMap((r) => range(m).map((c) => cell(r, c, { color: "blue", opacity: 0.12 }))),
      m > 0 && cell(row, column, { color: "blue", opacity: 0.6, stroke: "ink", width: 2.5 }),
      // the input's size, to compare
      square(0, 0, { stroke: "none" }),
      box([0, 0], [n, -n], { color: "none", stroke: "faint", width: 1.5 }),
    ]);
    output.drawOver([
      m > 0 && text([m / 2, -m], `${m} × ${m}`, { dy: 14, weight: 600 }),
      n > m && text([n, -n], `input ${n} × ${n}`, { dy: m < n - 1 || !m ? -10 : 14, dx: -4, anchor: "end",
        color: "muted", size: 12 }),
    ]);

    if (!m) return `The kernel spans ${span} cells, and the input with its padding only ${n + 2 * pad}: it fits nowhere, and there is no output.`;
    const where = `Output (${row + 1}, ${column + 1}) of ${m} × ${m} looks at ${inside.length} cells${cells.length > inside.length ? ` and ${cells.length - inside.length} zeros of the padding` : ""}.`;
    const lost = never ? `${never} of the ${n * n} input cells are used by no output (×).`
      : `A corner is used by ${num(used[0] ** 2)} of the outputs, a middle cell by ${num(used[n >> 1] ** 2)}.`;
    return `${where} One stop more would stick out by ${past} ${past === 1 ? "cell" : "cells"} (red). ${lost}`;
  });
});
