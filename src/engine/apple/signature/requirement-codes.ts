import type { Match, Requirement } from './requirement.js';

// The numbers of the binary form: `ExprOp` and `MatchOperation` in requirement.h.

export const REQUIREMENT_CODES = {
  never: 0,
  always: 1,
  identifier: 2,
  'anchor-apple': 3,
  'certificate-hash': 4,
  'info-value': 5,
  and: 6,
  or: 7,
  cdhash: 8,
  not: 9,
  info: 10,
  'certificate-subject': 11,
  'certificate-trusted': 12,
  'anchor-trusted': 13,
  'certificate-field': 14,
  'anchor-apple-generic': 15,
  entitlement: 16,
  'certificate-policy': 17,
  'named-anchor': 18,
  'named-code': 19,
  platform: 20,
  notarized: 21,
  'certificate-date': 22,
  legacy: 23,
} as const satisfies Record<KnownOp, number>;

export const MATCH_CODES = {
  exists: 0,
  equal: 1,
  contains: 2,
  'begins-with': 3,
  'ends-with': 4,
  less: 5,
  greater: 6,
  'at-most': 7,
  'at-least': 8,
  on: 9,
  before: 10,
  after: 11,
  'on-or-before': 12,
  'on-or-after': 13,
  absent: 14,
} as const satisfies Record<KnownMatchOp, number>;

export type KnownOp = Exclude<Requirement['op'], 'unknown'>;
export type KnownMatchOp = Exclude<Match['op'], 'unknown'>;

/** High bits of an unknown code: a length follows, and older systems may take it as false, or pass over it. */
export const CODE_FLAGS = { mask: 0xff000000, genericFalse: 0x80000000, genericSkip: 0x40000000 } as const;

const OPS = inverse<KnownOp>(REQUIREMENT_CODES);
const MATCH_OPS = inverse<KnownMatchOp>(MATCH_CODES);

export function opOf(code: number): KnownOp | undefined {
  return OPS.get(code);
}

export function matchOpOf(code: number): KnownMatchOp | undefined {
  return MATCH_OPS.get(code);
}

function inverse<K extends string>(codes: Readonly<Record<K, number>>): ReadonlyMap<number, K> {
  return new Map((Object.keys(codes) as K[]).map((op) => [codes[op], op]));
}
