import { roundUp } from '../../bytes/align.js';
import { checkBounds } from '../../bytes/layout.js';
import { malformed, readOid, readOnly } from '../../crypto/ber.js';
import { TAG, tlv } from '../../crypto/der.js';
import { CODE_FLAGS, matchOpOf, opOf, type KnownOp } from './requirement-codes.js';
import { MAX_LEVELS, type Match, type Requirement } from './requirement.js';

const SHA1_SIZE = 20;

/** @throws SigningError `MALFORMED`, OutOfBounds */
export function decodeExpression(body: Uint8Array): Requirement {
  const reader = new Reader(body);
  const requirement = reader.expression(1);
  reader.end();
  return requirement;
}

class Reader {
  readonly #data: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.length);
  }

  expression(level: number): Requirement {
    if (level > MAX_LEVELS) throw malformed(`it is nested more than ${MAX_LEVELS} deep`);
    const code = this.#u32();
    const op = opOf((code & ~CODE_FLAGS.mask) >>> 0);
    return op === undefined ? this.#unknown(code, level) : this.#known(op, level);
  }

  end(): void {
    if (this.#at !== this.#data.length)
      throw malformed(`${this.#data.length - this.#at} bytes after its end`);
  }

  #known(op: KnownOp, level: number): Requirement {
    switch (op) {
      case 'identifier':
      case 'named-anchor':
      case 'named-code':
        return { op, name: this.#text() };
      case 'and':
      case 'or':
        return { op, left: this.expression(level + 1), right: this.expression(level + 1) };
      case 'not':
        return { op, operand: this.expression(level + 1) };
      case 'cdhash':
        return { op, hash: this.#bytes() };
      case 'info':
      case 'entitlement':
        return { op, key: this.#text(), match: this.#match() };
      case 'info-value':
        return { op, key: this.#text(), value: this.#text() };
      case 'certificate-hash':
        return { op, slot: this.#i32(), hash: this.#sha1() };
      case 'certificate-trusted':
        return { op, slot: this.#i32() };
      case 'certificate-subject':
        return { op, slot: this.#i32(), key: this.#text(), match: this.#match() };
      case 'certificate-field':
      case 'certificate-policy':
      case 'certificate-date':
        return { op, slot: this.#i32(), oid: this.#oid(), match: this.#match() };
      case 'platform':
        return { op, platform: this.#i32() };
      case 'never':
      case 'always':
      case 'anchor-apple':
      case 'anchor-apple-generic':
      case 'anchor-trusted':
      case 'notarized':
      case 'legacy':
        return { op };
    }
  }

  /** Without a flag nobody can say how long it is, nor whether it may be ignored (requirement.h). */
  #unknown(code: number, level: number): Requirement {
    const isFalse = (code & CODE_FLAGS.genericFalse) !== 0;
    if (!isFalse && (code & CODE_FLAGS.genericSkip) === 0) throw malformed(`operation ${code} is unknown`);
    const payload = this.#take(this.#u32());
    return { op: 'unknown', code, payload, meaning: isFalse ? { op: 'never' } : this.expression(level + 1) };
  }

  #match(): Match {
    const code = this.#u32();
    const op = matchOpOf(code);
    switch (op) {
      case undefined: // Apple expects one operand of each match to come.
        return { op: 'unknown', code, payload: this.#bytes() };
      case 'exists':
      case 'absent':
        return { op };
      case 'on':
      case 'before':
      case 'after':
      case 'on-or-before':
      case 'on-or-after':
        return { op, seconds: this.#i64() };
      case 'equal':
      case 'contains':
      case 'begins-with':
      case 'ends-with':
      case 'less':
      case 'greater':
      case 'at-most':
      case 'at-least':
        return { op, value: this.#text() };
    }
  }

  #u32(): number {
    checkBounds('a number', this.#at, 4, this.#data.length);
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4);
  }

  #i32(): number {
    return this.#u32() | 0;
  }

  #i64(): bigint {
    checkBounds('a date', this.#at, 8, this.#data.length);
    this.#at += 8;
    return this.#view.getBigInt64(this.#at - 8);
  }

  #bytes(): Uint8Array {
    const length = this.#u32();
    return this.#take(roundUp(length, 4)).subarray(0, length);
  }

  #take(length: number): Uint8Array {
    checkBounds('an operand', this.#at, length, this.#data.length);
    this.#at += length;
    return this.#data.subarray(this.#at - length, this.#at);
  }

  #sha1(): Uint8Array {
    const hash = this.#bytes();
    if (hash.length !== SHA1_SIZE) throw malformed(`a certificate hash of ${hash.length} bytes`);
    return hash;
  }

  #oid(): string {
    return readOid(readOnly(tlv(TAG.oid, this.#bytes())));
  }

  #text(): string {
    const bytes = this.#bytes();
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw malformed('a text is not UTF-8');
    }
  }
}
