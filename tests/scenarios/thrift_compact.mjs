// Thrift's compact protocol, as far as Parquet's footer and page headers need it: a struct as a list of fields that can
// be changed and written again, with nothing lost that is not understood.

const stop = 0, yes = 1, no = 2, i8 = 3, i16 = 4, i32 = 5, i64 = 6, double = 7, binary = 8, list = 9, set = 10, struct = 12;
export const type = { i32, i64, binary, list, struct };

export class CompactReader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  varint() {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  zigzag() {
    const value = this.varint();
    return (value >> 1n) ^ -(value & 1n);
  }
  take(size) { return this.bytes.subarray(this.at, (this.at += size)); }
  /** `in_list`: booleans are bytes of their own there. */
  value(kind, in_list) {
    switch (kind) {
      case yes: case no: return in_list ? this.take(1)[0] === yes : kind === yes;
      case i8: return this.take(1)[0];
      case i16: case i32: case i64: return this.zigzag();
      case double: return this.take(8);
      case binary: return this.take(Number(this.varint()));
      case list: case set: {
        const head = this.take(1)[0];
        const size = head >> 4 === 15 ? Number(this.varint()) : head >> 4;
        return { kind: head & 15, items: Array.from({ length: size }, () => this.value(head & 15, true)) };
      }
      case struct: return this.struct();
      default: throw new Error(`thrift type ${kind} at ${this.at}`);
    }
  }
  /** Fields [id, kind, value] in their order. */
  struct() {
    const fields = [];
    for (let id = 0; ;) {
      const head = this.take(1)[0];
      if (head === stop) return fields;
      id = head >> 4 === 0 ? Number(this.zigzag()) : id + (head >> 4);
      fields.push([id, head & 15, this.value(head & 15, false)]);
    }
  }
}

const varint = (value) => {
  const out = [];
  for (; value >= 0x80n; value >>= 7n) out.push(Number(value & 0x7fn) | 0x80);
  return [...out, Number(value)];
};
const zigzag = (value) => varint(value < 0n ? -2n * value - 1n : 2n * value);

const write = (kind, value, in_list) => {
  switch (kind) {
    case yes: case no: return in_list ? [value ? yes : no] : [];
    case i8: return [value];
    case i16: case i32: case i64: return zigzag(BigInt(value));
    case double: return [...value];
    case binary: return [...varint(BigInt(value.length)), ...value];
    case list: case set: {
      const size = value.items.length;
      const head = size < 15 ? [(size << 4) | value.kind] : [0xf0 | value.kind, ...varint(BigInt(size))];
      return [...head, ...value.items.flatMap((item) => write(value.kind, item, true))];
    }
    default: return writeStruct(value);
  }
};

export const writeStruct = (fields) => {
  const out = [];
  let before = 0;
  for (const [id, kind, value] of fields) {
    const step = id - before;
    out.push(...(step > 0 && step < 16 ? [(step << 4) | kind] : [kind, ...zigzag(BigInt(id))]), ...write(kind, value, false));
    before = id;
  }
  return [...out, stop];
};

/** Value of a field, or undefined. */
export const field = (fields, id) => fields.find(([known]) => known === id)?.[2];
/** The same fields with others in the place of those of these ids. */
export const withFields = (fields, changed) => {
  const ids = new Set(changed.map(([id]) => id));
  return [...fields.filter(([id]) => !ids.has(id)), ...changed.filter(([, kind]) => kind !== stop)].sort((a, b) => a[0] - b[0]);
};
