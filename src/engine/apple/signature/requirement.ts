// The expressions of Apple's code requirement language ("Code Signing Requirement Language" in Apple's guide,
// requirement.h in Security). They travel as bytes (requirement-blob.ts) and as text (requirement-text.ts).

/** One condition on signed code, as a tree. */
export type Requirement =
  | { readonly op: ConstantOp }
  | { readonly op: 'identifier' | 'named-anchor' | 'named-code'; readonly name: string }
  | { readonly op: 'and' | 'or'; readonly left: Requirement; readonly right: Requirement }
  | { readonly op: 'not'; readonly operand: Requirement }
  /** The first 20 bytes of a CodeDirectory's hash. */
  | { readonly op: 'cdhash'; readonly hash: Uint8Array }
  | { readonly op: 'info' | 'entitlement'; readonly key: string; readonly match: Match }
  /** An old form of `info[key] = value`. */
  | { readonly op: 'info-value'; readonly key: string; readonly value: string }
  /** SHA-1 of the whole certificate. */
  | { readonly op: 'certificate-hash'; readonly slot: number; readonly hash: Uint8Array }
  | { readonly op: 'certificate-trusted'; readonly slot: number }
  /** `key` is for example `subject.OU`. */
  | { readonly op: 'certificate-subject'; readonly slot: number; readonly key: string; readonly match: Match }
  | {
      readonly op: 'certificate-field' | 'certificate-policy' | 'certificate-date';
      readonly slot: number;
      readonly oid: string;
      readonly match: Match;
    }
  | { readonly op: 'platform'; readonly platform: number }
  /** Something that only newer systems know, with a flag that says what older ones shall make of it. */
  | {
      readonly op: 'unknown';
      readonly code: number;
      readonly payload: Uint8Array;
      readonly meaning: Requirement;
    };

export type ConstantOp =
  'never' | 'always' | 'anchor-apple' | 'anchor-apple-generic' | 'anchor-trusted' | 'notarized' | 'legacy';

/** What is asked of a value. Texts compare as versions do: `"1.10"` is greater than `"1.9"`. */
export type Match =
  | { readonly op: 'exists' }
  | { readonly op: 'absent' }
  | { readonly op: TextMatchOp; readonly value: string }
  /** Whole seconds since 2001-01-01 00:00:00 UTC. */
  | { readonly op: DateMatchOp; readonly seconds: bigint }
  /** Never holds. */
  | { readonly op: 'unknown'; readonly code: number; readonly payload: Uint8Array };

export type TextMatchOp =
  'equal' | 'contains' | 'begins-with' | 'ends-with' | 'less' | 'greater' | 'at-most' | 'at-least';

export type DateMatchOp = 'on' | 'before' | 'after' | 'on-or-before' | 'on-or-after';

/** Certificates are counted from the leaf up; negative slots from the root down. */
export const LEAF = 0;
export const ROOT = -1;

/** What a requirement is asked of, as numbered in a requirement set (CSCommon.h). */
export const REQUIREMENT_TYPE = { host: 1, guest: 2, designated: 3, library: 4, plugin: 5 } as const;

export interface LabeledRequirement {
  /** One of `REQUIREMENT_TYPE`, or what a newer system has added. */
  readonly type: number;
  readonly requirement: Requirement;
}

/** Apple's interpreter gives up on trees of 1000 levels (reqinterp.h), and so do we. */
export const MAX_LEVELS = 999;

const EPOCH_2001 = 978_307_200n;

/** @param date whole seconds count, as in Apple's binary form */
export function secondsSince2001(date: Date): bigint {
  return BigInt(Math.floor(date.getTime() / 1000)) - EPOCH_2001;
}

/** An invalid `Date` when it lies beyond what JavaScript can tell. */
export function dateSince2001(seconds: bigint): Date {
  return new Date(Number(seconds + EPOCH_2001) * 1000);
}

/** Joined from the left, as Apple's compiler does: `((a and b) and c)`. */
export function joinLeft(op: 'and' | 'or', operands: readonly [Requirement, ...Requirement[]]): Requirement {
  return operands.reduce((left, right) => ({ op, left, right }));
}

/** Joined from the right, as codesign's own designated requirements are: `(a and (b and c))`. */
export function joinRight(op: 'and' | 'or', operands: readonly [Requirement, ...Requirement[]]): Requirement {
  return operands.reduceRight((right, left) => ({ op, left, right }));
}
