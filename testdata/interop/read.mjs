// Asks c2pa-node, which is an older c2pa-rs, what it says of files. Usage: node read.mjs FOLDER, the one that has its
// node_modules. Lines in and out as those of read.py; there is no call for fragments.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { createRequire } from "node:module";

const RS = { "0.8.0": "0.90.1" }; // the c2pa-rs inside; the package does not say
const folder = path.resolve(process.argv[2]);
const version = JSON.parse(fs.readFileSync(path.join(folder, "node_modules/@contentauth/c2pa-node/package.json"), "utf8")).version;
const { Reader } = await import(createRequire(path.join(folder, "x.js")).resolve("@contentauth/c2pa-node"));
const say = (x) => fs.writeSync(1, JSON.stringify(x) + "\n");

async function read(file) {
  if (file.fragments?.length) return { refused: "no call for fragments" };
  const asset = { path: file.path, mimeType: file.mime };
  const reader = file.manifest
    ? await Reader.fromManifestDataAndAsset(fs.readFileSync(file.manifest), asset, file.settings)
    : await Reader.fromAsset(asset, file.settings);
  if (!reader) return { refused: "no manifest" };
  const json = reader.json();
  const report = typeof json === "string" ? JSON.parse(json) : json;
  const active = report.validation_results?.activeManifest ?? {};
  const out = { state: report.validation_state };
  for (const g of ["success", "informational", "failure"]) out[g] = [...new Set((active[g] ?? []).map((c) => c.code))].sort();
  return out;
}

say({ version: `c2pa-rs ${RS[version] ?? "?"} (c2pa-node ${version})`, clock: Date.now() / 1000 });
for await (const line of readline.createInterface({ input: process.stdin })) {
  try {
    say(await read(JSON.parse(line)));
  } catch (e) {
    say({ refused: String(e?.message ?? e) });
  }
}
process.exit(0);
