import { concat } from '../bytes/concat.js';
import { checkBounds, OutOfBounds } from '../bytes/layout.js';
import { SigningError } from '../system/error.js';
import { TAG } from './der.js';

// Reading BER (ITU-T X.690): real signatures have indefinite lengths (Apple's) and constructed strings, and
// may not be re-encoded, because hashes cover their octets as they stand. Nothing here copies its input.

/** Deeper than any real signature, and shallow enough that no input can exhaust the stack. */
const MAX_DEPTH = 32;
const CONSTRUCTED = 0x20;
const INDEFINITE = 0x80;

/** One value of the input; all three views share its memory. */
export interface BerNode {
  /** Identifier octet: class, constructed bit and number. */
  readonly tag: number;
  readonly header: Uint8Array;
  readonly content: Uint8Array;
  /** Header, content and, after an indefinite length, the two closing zeros. */
  readonly raw: Uint8Array;
}

/** The first value of `data`; whatever follows it is left alone. @throws OutOfBounds, SigningError `MALFORMED` */
export function readFirst(data: Uint8Array): BerNode {
  return readAt(data, 0, 0);
}

/** The one value that `data` is. @throws OutOfBounds, SigningError `MALFORMED` when more follows */
export function readOnly(data: Uint8Array): BerNode {
  const node = readFirst(data);
  if (node.raw.length !== data.length)
    throw malformed(`${data.length - node.raw.length} octets after the end`);
  return node;
}

/** The values inside a constructed one. @throws OutOfBounds, SigningError `MALFORMED` when it is primitive */
export function childrenOf(node: BerNode): BerNode[] {
  if ((node.tag & CONSTRUCTED) === 0) throw malformed(`a ${hexTag(node.tag)} that should have parts`);
  const children: BerNode[] = [];
  for (let at = 0; at < node.content.length;) {
    const child = readAt(node.content, at, 0);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/** The values inside a constructed one, taken one by one in the order of its ASN.1 definition. */
export class Fields {
  readonly #nodes: readonly BerNode[];
  #next = 0;

  constructor(node: BerNode) {
    this.#nodes = childrenOf(node);
  }

  /** The next value, which must have one of these tags when any are named. @throws SigningError `MALFORMED` */
  take(...tags: readonly number[]): BerNode {
    const node = this.#nodes[this.#next];
    if (!node) throw malformed(`nothing where ${tags.map(hexTag).join(' or ')} should be`);
    if (tags.length > 0 && !tags.includes(node.tag))
      throw malformed(`${hexTag(node.tag)} where ${tags.map(hexTag).join(' or ')} should be`);
    this.#next++;
    return node;
  }

  /** The next value if it has one of these tags. */
  takeIf(...tags: readonly number[]): BerNode | undefined {
    const node = this.#nodes[this.#next];
    return node && tags.includes(node.tag) ? this.take() : undefined;
  }

  rest(): readonly BerNode[] {
    return this.#nodes.slice(this.#next);
  }
}

/** Fields of the SEQUENCE that `node` has to be. */
export function sequenceFields(node: BerNode): Fields {
  return new Fields(expectTag(node, TAG.sequence));
}

/** @throws SigningError `MALFORMED` unless `node` has this tag */
export function expectTag(node: BerNode, tag: number): BerNode {
  if (node.tag !== tag) throw malformed(`${hexTag(node.tag)} where ${hexTag(tag)} should be`);
  return node;
}

/** Octets of a string that may have been sent in pieces (X.690 8.7.3): joined then, a view otherwise. */
export function stringOctets(node: BerNode, depth = 0): Uint8Array {
  if ((node.tag & CONSTRUCTED) === 0) return node.content;
  checkDepth(depth);
  return concat(...childrenOf(node).map((piece) => stringOctets(piece, depth + 1)));
}

/** Octets of a BIT STRING whose bits are whole octets: signatures and keys. */
export function bitStringOctets(node: BerNode): Uint8Array {
  if (expectTag(node, TAG.bitString).content[0] !== 0)
    throw malformed('a bit string that is not whole octets');
  return node.content.subarray(1);
}

export function readOid(node: BerNode): string {
  const { content } = expectTag(node, TAG.oid);
  // Real ones have a dozen octets; without a limit, the arithmetic below would be quadratic.
  if (content.length === 0 || content.length > 64 || content.at(-1)! >= 0x80)
    throw malformed(`an object identifier of ${content.length} octets`);
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const octet of content) {
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (octet >= 0x80) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const first = arcs[0]! < 80n ? arcs[0]! / 40n : 2n;
  return [first, arcs[0]! - first * 40n, ...arcs.slice(1)].join('.');
}

/** A version, a status, a path length: an integer that fits into 32 bits with its sign. */
export function readSmallInteger(node: BerNode): number {
  const { content } = node;
  if (content.length === 0 || content.length > 4) throw malformed(`an integer of ${content.length} octets`);
  return content.reduce((value, octet) => (value << 8) | octet, content[0]! >= 0x80 ? -1 : 0);
}

export function readBoolean(node: BerNode): boolean {
  if (node.content.length !== 1) throw malformed(`a boolean of ${node.content.length} octets`);
  return node.content[0] !== 0;
}

/** UTCTime or GeneralizedTime in UTC, to the millisecond (RFC 5280 4.1.2.5, RFC 3161 2.4.2). */
export function readTime(node: BerNode): Date {
  const text = String.fromCharCode(...node.content.subarray(0, 32));
  const pattern =
    node.tag === TAG.utcTime
      ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
      : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:[.,](\d+))?Z$/;
  const match = pattern.exec(text);
  if (!match) throw malformed(`${JSON.stringify(text)} is not a time`);
  const [, year = '', month, day, hour, minute, second, fraction = ''] = match;
  const century = node.tag === TAG.utcTime ? (Number(year) < 50 ? '20' : '19') : '';
  const iso = `${century}${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`;
  const time = new Date(iso);
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) throw malformed(`${text} is not a time`);
  return time;
}

/** Runs `read` and lets every sign of malformed input out as SigningError `MALFORMED` that begins with `what`. */
export function decoding<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OutOfBounds)
      throw new SigningError('MALFORMED', `${what} is truncated: ${error.message}`, { cause: error });
    if (error instanceof Malformed)
      throw new SigningError('MALFORMED', `${what} is malformed: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Told apart from other SigningErrors so that only the innermost `decoding` puts its name in front. */
class Malformed extends SigningError {}

export function malformed(message: string): SigningError {
  return new Malformed('MALFORMED', message);
}

function readAt(data: Uint8Array, at: number, depth: number): BerNode {
  checkDepth(depth);
  checkBounds('a value', at, 2, data.length);
  const tag = data[at]!;
  if ((tag & 0x1f) === 0x1f) throw malformed('a tag number above 30');
  const first = data[at + 1]!;
  if (first === INDEFINITE) return readIndefinite(data, at, tag, depth);
  const lengthSize = first < 0x80 ? 0 : first & 0x7f;
  const start = at + 2 + lengthSize;
  const length = first < 0x80 ? first : readLength(data, at + 2, lengthSize);
  checkBounds(`a ${hexTag(tag)}`, start, length, data.length);
  return {
    tag,
    header: data.subarray(at, start),
    content: data.subarray(start, start + length),
    raw: data.subarray(at, start + length),
  };
}

function readIndefinite(data: Uint8Array, at: number, tag: number, depth: number): BerNode {
  if ((tag & CONSTRUCTED) === 0) throw malformed(`a primitive ${hexTag(tag)} without a length`);
  const start = at + 2;
  let end = start;
  while (true) {
    checkBounds(`the end of a ${hexTag(tag)}`, end, 2, data.length);
    if (data[end] === 0 && data[end + 1] === 0) break;
    end += readAt(data, end, depth + 1).raw.length;
  }
  return {
    tag,
    header: data.subarray(at, start),
    content: data.subarray(start, end),
    raw: data.subarray(at, end + 2),
  };
}

function readLength(data: Uint8Array, at: number, size: number): number {
  checkBounds('a length', at, size, data.length);
  // Six octets count 256 TiB: more is certainly not there, and would leave the range of exact numbers.
  const octets = data.subarray(at, at + size);
  if (size > 6 && octets.subarray(0, size - 6).some((octet) => octet !== 0))
    throw malformed(`a length of ${size} octets`);
  return octets.reduce((length, octet) => length * 0x100 + octet, 0);
}

function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw malformed(`values nested more than ${MAX_DEPTH} deep`);
}

function hexTag(tag: number): string {
  return `tag 0x${tag.toString(16).padStart(2, '0')}`;
}
