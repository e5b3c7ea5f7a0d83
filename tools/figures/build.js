// coursekit/figures/*.js and its kit → coursekit/figures/built/: classic scripts, so that they load from file:// too.
// The kit becomes one script that defines `courseFigures`; a figure's script asks that object for what it imports from
// "kit". JupyterLab gets both, one after the other, as an ES module (coursekit/figures/__init__.py).

import { readFileSync, readdirSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const figures = resolve(here, "../../coursekit/figures");
const out = join(figures, "built");
const shared = { bundle: true, minify: true, target: "es2022", charset: "utf8", nodePaths: [join(here, "node_modules")], logLevel: "warning" };

/** `import … from "kit"` is what the kit's script has defined. */
const kitIsThere = {
  name: "kit",
  setup(build) {
    build.onResolve({ filter: /^kit$/ }, () => ({ path: "kit", namespace: "kit" }));
    build.onLoad({ filter: /.*/, namespace: "kit" }, () => ({ contents: "module.exports = courseFigures" }));
  },
};

// node build.js [name …]: all, or only these figures ("kit" is the shared script).
const chosen = process.argv.slice(2);
const wanted = (name) => !chosen.length || chosen.includes(name);

mkdirSync(out, { recursive: true });
if (!chosen.length) for (const old of readdirSync(out)) if (old.endsWith(".js")) rmSync(join(out, old));
if (wanted("kit")) {
  await build({
    ...shared,
    entryPoints: [join(figures, "kit/index.js")],
    outfile: join(out, "kit.js"),
    format: "iife",
    globalName: "courseFigures",
    banner: { js: "/* With parts of d3-array, d3-scale, d3-contour and what they need: copyright Mike Bostock, ISC licence, see LICENSES.txt */" },
  });
  await build({ ...shared, entryPoints: [join(figures, "kit/loader.js")], outfile: join(out, "loader.js"), format: "iife" });
  const packages = readdirSync(join(here, "node_modules")).filter((name) => name.startsWith("d3-") || name === "internmap");
  const licenses = packages.map((name) => `${name}\n\n${readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8")}`);
  writeFileSync(join(out, "LICENSES.txt"), licenses.join("\n----\n\n"));
}
for (const file of readdirSync(figures).filter((name) => name.endsWith(".js"))) {
  const name = basename(file, ".js");
  if (!wanted(name)) continue;
  await build({
    ...shared,
    stdin: {
      contents: `import figure from "./${file}"; import { define } from "kit"; define("${name}", figure);`,
      resolveDir: figures,
      sourcefile: `${name}-entry.js`,
    },
    outfile: join(out, `${name}.js`),
    format: "iife",
    plugins: [kitIsThere],
  });
}
