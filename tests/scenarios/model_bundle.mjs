// A second reader of model bundles, from the description of the format alone: the manifest, the trees of a
// remaining-life model, the numbers of a PCA monitor. Executes them in the way that the bundle states, in JavaScript.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  u8() { return this.bytes.readUInt8(this.at++); }
  f32() { return this.bytes.readFloatLE((this.at += 4) - 4); }
  f64() { return this.bytes.readDoubleLE((this.at += 8) - 8); }
  floats(count) { return Array.from({ length: count }, () => this.f32()); }
  /** Unsigned LEB128; nothing here is beyond 2^53. */
  varint() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  block() {
    const size = this.varint();
    if (size > this.bytes.length - this.at) throw new Error('a block of a bundle is cut');
    return this.bytes.subarray(this.at, (this.at += size));
  }
}

/** Nodes of all trees in flat arrays; children are places there, those of a leaf -1. */
const readTrees = (bytes) => {
  const in_ = new Reader(bytes);
  if (in_.u8() !== 1) throw new Error('trees of another format');
  const out = { columns: in_.varint(), base: in_.f32(), link: in_.u8(), roots: [] };
  if (out.link !== 0) throw new Error('trees of another link than identity');
  const [value, feature, left, right] = [[], [], [], []];
  for (let trees = in_.varint(); trees > 0; --trees) {
    const root = value.length;
    out.roots.push(root);
    for (let nodes = in_.varint(); nodes > 0; --nodes) {
      const is_leaf = in_.u8() === 0;
      value.push(in_.f32());
      feature.push(is_leaf ? -1 : in_.varint());
      left.push(is_leaf ? -1 : root + in_.varint());
      right.push(is_leaf ? -1 : root + in_.varint());
    }
  }
  if (in_.at !== bytes.length) throw new Error('trees with something behind them');
  return { ...out, value: Float32Array.from(value), feature: Int32Array.from(feature), left: Int32Array.from(left),
    right: Int32Array.from(right) };
};

const readPca = (bytes) => {
  const in_ = new Reader(bytes);
  if (in_.u8() !== 1) throw new Error('a PCA monitor of another format');
  const inputs = in_.varint();
  const components = in_.varint();
  const [mean, scale] = [in_.floats(inputs), in_.floats(inputs)];
  const loadings = Array.from({ length: components }, () => in_.floats(inputs));
  return { mean, scale, loadings, variance: in_.floats(components), t2_limit: in_.f64(), spe_limit: in_.f64() };
};

const readBundle = (bytes) => {
  const in_ = new Reader(bytes.subarray(5, bytes.length - 4));  // magic and version before, checksum behind
  const bundle = { card: JSON.parse(in_.block().toString('utf8')) };
  while (in_.at < in_.bytes.length) {
    const kind = in_.u8();
    const section = in_.block();
    if (kind === 1) bundle.trees = readTrees(section);
    if (kind === 2) bundle.pca = readPca(section);
  }
  return bundle;
};

/** The one bundle of that name among the artifacts of a hub, each of which is named by its SHA-256. */
export const bundleOf = (hub, name) => {
  const artifacts = join(hub, 'office', 'artifacts');
  const found = [];
  for (const folder of readdirSync(artifacts)) {
    for (const digest of readdirSync(join(artifacts, folder))) {
      const bytes = readFileSync(join(artifacts, folder, digest));
      if (bytes.subarray(0, 5).toString('latin1') !== 'MWMB\x01') continue;
      if (createHash('sha256').update(bytes).digest('hex') !== digest) throw new Error(`${digest} is another artifact`);
      const bundle = readBundle(bytes);
      if (bundle.card.name === name) found.push({ ...bundle, digest });
    }
  }
  if (found.length !== 1) throw new Error(`${found.length} bundles of ${name}, expected one`);
  return found[0];
};

/** Sum of the trees in 32-bit floats, in their order and then the base, as ONNX runtimes add; cut to the target's range. */
export const remainingLife = ({ card, trees }, row) => {
  if (row.length !== trees.columns) throw new Error(`${row.length} features for ${trees.columns} columns`);
  const { value, feature, left, right } = trees;
  let sum = 0;
  for (const root of trees.roots) {
    let node = root;
    while (feature[node] >= 0) node = row[feature[node]] < value[node] ? left[node] : right[node];
    sum = Math.fround(sum + value[node]);
  }
  return Math.min(Math.max(Math.fround(sum + trees.base), 0), card.target_max);
};

/** Bounds of the interval that the manifest gives to a prediction. */
export const intervalOf = ({ card: { intervals } }, prediction) => {
  const edge = intervals.edges.findIndex((e) => e >= prediction);
  const bin = edge < 0 ? intervals.edges.length : edge;
  const cut = (value) => Math.min(Math.max(value, intervals.low_end), intervals.high_end);
  return { low: cut(prediction - intervals.below[bin]), high: cut(prediction + intervals.above[bin]) };
};

export const anomaly = ({ pca }, row) => {
  const standard = Array.from(row, (value, i) => (value - pca.mean[i]) * pca.scale[i]);
  const along = pca.loadings.map((loading) => loading.reduce((sum, part, i) => sum + part * standard[i], 0));
  const t2 = along.reduce((sum, part, c) => sum + (part * part) / pca.variance[c], 0);
  // Outside the model: what is left when each component is taken out, and not the difference of two lengths.
  const rest = standard.map((value, i) => value - along.reduce((sum, part, c) => sum + part * pca.loadings[c][i], 0));
  const spe = rest.reduce((sum, part) => sum + part * part, 0);
  const ratio = Math.max(t2 / pca.t2_limit, spe / pca.spe_limit);
  return { t2, spe, score: ratio / (1 + ratio), flag: ratio > 1 };
};
