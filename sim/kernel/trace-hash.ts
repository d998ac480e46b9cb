/** Deeper than this, structure is not looked at. Messages are shallow; the bound is for values that refer to themselves. */
const MAX_DEPTH = 24;
/** Longer strings are hashed each time: they seldom come again, and keeping them would keep their memory. */
const CACHED_LENGTH = 96;
const CACHE_SIZE = 1 << 14;

/** The two lanes of a string's hash. */
interface StringHash {
  readonly a: number;
  readonly b: number;
}

/** Pure: what a string hashes to depends on the string alone, so simulations may share it. */
const stringHashes = new Map<string, StringHash>();

const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

const enum Tag {
  Undefined = 1,
  Null,
  True,
  False,
  Integer,
  Float,
  BigInt,
  String,
  Bytes,
  Array,
  Object,
  End,
  Map,
  Set,
  Error,
  Opaque,
}

/**
 * A rolling hash of everything that happens in a run: two 32-bit lanes of the FNV kind. It tells whether two runs took the same course; it is no
 * protection against somebody who looks for collisions. About 0.1 µs for a small message.
 */
export class TraceHash {
  private a = 0x811c9dc5 | 0;
  private b = 0x9dc5811c | 0;

  /** 16 hexadecimal digits. */
  digest(): string {
    return hex(this.a) + hex(this.b);
  }

  /** A 32-bit integer. */
  word(word: number): void {
    const a = Math.imul(this.a ^ word, 0x01000193);
    this.a = a ^ (a >>> 15);
    const b = Math.imul(this.b ^ word, 0x85ebca6b);
    this.b = b ^ (b >>> 13);
  }

  number(value: number): void {
    if (value === (value | 0)) {
      this.word(Tag.Integer);
      this.word(value);
      return;
    }
    float[0] = value;
    this.word(Tag.Float);
    this.word(words[0] ?? 0);
    this.word(words[1] ?? 0);
  }

  string(value: string): void {
    let known = stringHashes.get(value);
    if (known === undefined) {
      known = hashString(value);
      if (value.length <= CACHED_LENGTH) {
        if (stringHashes.size >= CACHE_SIZE) stringHashes.clear();
        stringHashes.set(value, known);
      }
    }
    this.word(Tag.String);
    const a = Math.imul(this.a ^ known.a, 0x01000193);
    this.a = a ^ (a >>> 15);
    const b = Math.imul(this.b ^ known.b, 0x85ebca6b);
    this.b = b ^ (b >>> 13);
  }

  bytes(value: Uint8Array): void {
    this.word(Tag.Bytes);
    this.word(value.length);
    const whole = value.length & ~3;
    for (let i = 0; i < whole; i += 4) {
      this.word((value[i] ?? 0) | ((value[i + 1] ?? 0) << 8) | ((value[i + 2] ?? 0) << 16) | ((value[i + 3] ?? 0) << 24));
    }
    for (let i = whole; i < value.length; i += 1) this.word(value[i] ?? 0);
  }

  /**
   * Any value by its structure, keys in the order in which they were set. Of functions, promises and instances of classes only the kind counts:
   * messages inside a node may hold them, and what those hold is state rather than message.
   */
  value(value: unknown): void {
    this.nested(value, 0);
  }

  private nested(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        return this.string(value);
      case 'number':
        return this.number(value);
      case 'boolean':
        return this.word(value ? Tag.True : Tag.False);
      case 'undefined':
        return this.word(Tag.Undefined);
      case 'bigint':
        this.word(Tag.BigInt);
        return this.string(value.toString(36));
      case 'symbol':
      case 'function':
        return this.word(Tag.Opaque);
      case 'object':
        if (value === null) return this.word(Tag.Null);
        if (depth >= MAX_DEPTH) return this.word(Tag.Opaque);
        return this.object(value, depth + 1);
    }
  }

  private object(value: object, depth: number): void {
    if (Array.isArray(value)) {
      this.word(Tag.Array);
      this.word(value.length);
      for (let i = 0; i < value.length; i += 1) this.nested(value[i], depth);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      this.word(Tag.Object);
      const record = value as { readonly [key: string]: unknown };
      for (const key in record) {
        this.string(key);
        this.nested(record[key], depth);
      }
      this.word(Tag.End);
    } else if (value instanceof Uint8Array) {
      this.bytes(value);
    } else if (value instanceof Map) {
      this.word(Tag.Map);
      for (const [key, item] of value) {
        this.nested(key, depth);
        this.nested(item, depth);
      }
      this.word(Tag.End);
    } else if (value instanceof Set) {
      this.word(Tag.Set);
      for (const item of value) this.nested(item, depth);
      this.word(Tag.End);
    } else if (value instanceof Error) {
      this.word(Tag.Error);
      this.string(value.name);
      this.string(value.message);
    } else {
      this.word(Tag.Opaque);
      const { constructor } = value as { readonly constructor?: { readonly name?: unknown } };
      this.string(String(constructor?.name));
    }
  }
}

function hashString(value: string): StringHash {
  let a = 0x811c9dc5 | 0;
  let b = 0x2f0b4c47 | 0;
  for (let i = 0; i < value.length; i += 1) {
    const unit = value.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 13;
  }
  return { a: a ^ value.length, b };
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
