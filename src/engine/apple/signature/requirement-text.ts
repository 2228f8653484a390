import { toHex } from '../../bytes/hex.js';
import {
  dateSince2001,
  LEAF,
  REQUIREMENT_TYPE,
  ROOT,
  type LabeledRequirement,
  type Match,
  type Requirement,
} from './requirement.js';
import { CODE_FLAGS } from './requirement-codes.js';
import { KEYWORDS } from './requirement-tokens.js';

// CodeResources seals requirements as text: every space of Apple's printer (reqdumper.cpp) is reproduced here.

/** How much an operator binds; an operand that binds less than its place asks for wants parentheses. */
const LEVEL = { primary: 0, and: 1, or: 2, top: 3 } as const;
type Level = (typeof LEVEL)[keyof typeof LEVEL];

const MATCH_SIGNS = {
  equal: '=',
  contains: '~',
  'begins-with': '=',
  'ends-with': '=',
  less: '<',
  greater: '>',
  'at-most': '<=',
  'at-least': '>=',
  on: '=',
  before: '<',
  after: '>',
  'on-or-before': '<=',
  'on-or-after': '>=',
} as const;

/** The text of `codesign -d -r-` and `csreq -t`, without a final newline; `compileRequirement` reads it back. */
export function printRequirement(requirement: Requirement): string {
  return print(requirement, LEVEL.top).replace(/^ /, '');
}

/** One line for each, `designated => …`, every line with its newline. */
export function printRequirementSet(set: readonly LabeledRequirement[]): string {
  return set
    .map(({ type, requirement }) => `${typeName(type)} => ${print(requirement, LEVEL.top)}\n`)
    .join('');
}

function typeName(type: number): string {
  const known = Object.entries(REQUIREMENT_TYPE).find(([, number]) => number === type);
  return known?.[0] ?? `/*unknown type*/ ${type}`;
}

function print(requirement: Requirement, level: Level): string {
  if ('slot' in requirement)
    return `certificate ${printSlot(requirement.slot)}${certificateClause(requirement)}`;
  switch (requirement.op) {
    case 'identifier':
      return `identifier ${data(requirement.name)}`;
    case 'anchor-apple':
    case 'anchor-apple-generic':
    case 'anchor-trusted':
      return requirement.op.replaceAll('-', ' ');
    case 'named-anchor':
      return `anchor apple ${data(requirement.name)}`;
    case 'named-code':
      return `(${data(requirement.name)})`;
    case 'and':
    case 'or':
      return joined(requirement.op, requirement.left, requirement.right, level);
    case 'not':
      return `! ${print(requirement.operand, LEVEL.primary)}`;
    case 'cdhash':
      return `cdhash ${hash(requirement.hash)}`;
    case 'platform':
      return `platform = ${requirement.platform}`;
    case 'info-value':
      return `info[${key(requirement.key)}] = ${data(requirement.value)}`;
    case 'info':
    case 'entitlement':
      return `${requirement.op}[${key(requirement.key)}]${printMatch(requirement.match)}`;
    case 'unknown':
      return unknown(requirement.code, requirement.meaning);
    case 'never':
    case 'always':
    case 'notarized':
    case 'legacy':
      return requirement.op;
  }
}

type CertificateClause = Extract<Requirement, { slot: number }>;

function certificateClause(requirement: CertificateClause): string {
  switch (requirement.op) {
    case 'certificate-hash':
      return ` = ${hash(requirement.hash)}`;
    case 'certificate-trusted':
      return 'trusted'; // Apple's printer forgets the space; compileRequirement knows.
    case 'certificate-subject':
      return `[${key(requirement.key)}]${printMatch(requirement.match)}`;
    case 'certificate-field':
      return `[field.${requirement.oid}]${printMatch(requirement.match)}`;
    case 'certificate-policy':
      return `[policy.${requirement.oid}]${printMatch(requirement.match)}`;
    case 'certificate-date':
      return `[timestamp.${requirement.oid}]${printMatch(requirement.match)}`;
  }
}

function printSlot(slot: number): string {
  if (slot === ROOT) return 'root';
  return slot === LEAF ? 'leaf' : String(slot);
}

function joined(op: 'and' | 'or', left: Requirement, right: Requirement, level: Level): string {
  const text = `${print(left, LEVEL[op])} ${op} ${print(right, LEVEL[op])}`;
  return level < LEVEL[op] ? `(${text})` : text;
}

function unknown(code: number, meaning: Requirement): string {
  const comment = `/* opcode ${(code & ~CODE_FLAGS.mask) >>> 0} */`;
  return meaning.op === 'never' ? ` false ${comment}` : ` ${comment} ${print(meaning, LEVEL.primary)}`;
}

function printMatch(match: Match): string {
  if (match.op === 'exists') return ' /* exists */';
  if (match.op === 'absent') return ' absent ';
  if (match.op === 'unknown') return `MATCH OPCODE ${match.code} NOT UNDERSTOOD`;
  const operand = 'value' in match ? data(match.value) : date(match.seconds);
  const before = match.op === 'ends-with' ? '*' : '';
  const after = match.op === 'begins-with' ? '*' : '';
  return ` ${MATCH_SIGNS[match.op]} ${before}${operand}${after}`;
}

function date(seconds: bigint): string {
  const time = dateSince2001(seconds);
  const text = Number.isNaN(time.getTime())
    ? `${seconds}`
    : time.toISOString().slice(0, 19).replace('T', ' ');
  return `<${text} +0000>`;
}

function hash(bytes: Uint8Array): string {
  return `H"${toHex(bytes)}"`;
}

function data(value: string): string {
  return /^[A-Za-z][A-Za-z0-9]*$/.test(value) && !KEYWORDS.has(value) ? value : quoted(value);
}

/** Between brackets dots need no quotes. */
function key(value: string): string {
  return /^[A-Za-z.][A-Za-z0-9.]*$/.test(value) && !KEYWORDS.has(value) ? value : quoted(value);
}

/** Anything beyond printable ASCII and white space turns the whole into hexadecimal digits. */
function quoted(value: string): string {
  if (/^[\t-\r -~]*$/.test(value)) return `"${value.replace(/["\\]/g, '\\$&')}"`;
  return `0x${toHex(new TextEncoder().encode(value))}`;
}
