import { concat } from '../../bytes/concat.js';
import { layout, u32 } from '../../bytes/layout.js';
import { decoding, malformed } from '../../crypto/ber.js';
import { SigningError } from '../../system/error.js';
import { encodeBlob, payloadOf } from './blob.js';
import { MAGIC } from './magic.js';
import { decodeExpression } from './requirement-decode.js';
import { encodeExpression } from './requirement-encode.js';
import type { LabeledRequirement, Requirement } from './requirement.js';
import { decodeSuperBlob, encodeSuperBlob } from './super-blob.js';

// A requirement and a set of them as blobs: requirement.h in Security, libsecurity_codesigning/lib.
const requirementHead = layout('a requirement', { magic: u32, length: u32, kind: u32 });
const kindField = layout('the kind of a requirement', { kind: u32 });

/** A launch constraint takes an expression's place in the second kind; codesign embeds none of those here. */
const KIND = { expression: 1, constraint: 2 } as const;

export function encodeRequirement(requirement: Requirement): Uint8Array {
  const kind = kindField.encode({ kind: KIND.expression });
  return encodeBlob(MAGIC.requirement, concat(kind, encodeExpression(requirement)));
}

/** @throws SigningError `MALFORMED`, `UNSUPPORTED` when it is a launch constraint */
export function decodeRequirement(blob: Uint8Array): Requirement {
  return decoding('the requirement', () => {
    const { magic, length, kind } = requirementHead.read(blob);
    checkHead(magic, MAGIC.requirement, length, blob.length);
    if (kind === KIND.constraint)
      throw new SigningError('UNSUPPORTED', 'the requirement is a launch constraint, not an expression');
    if (kind !== KIND.expression) throw malformed(`its kind ${kind} is unknown`);
    return decodeExpression(payloadOf(blob).subarray(kindField.size));
  });
}

/**
 * The blob of a signature's requirements slot; ad-hoc signatures have an empty set.
 * @throws SigningError `INVALID_REQUIREMENT` when two have the same type
 */
export function encodeRequirementSet(set: readonly LabeledRequirement[]): Uint8Array {
  const types = set.map(({ type }) => type);
  const twice = types.find((type, i) => types.indexOf(type) !== i);
  if (twice !== undefined)
    throw new SigningError('INVALID_REQUIREMENT', `there are two requirements of type ${twice}`, {
      hint: 'join them with `and` or `or`',
    });
  const blobs = set.map(({ type, requirement }) => ({ slot: type, blob: encodeRequirement(requirement) }));
  return encodeSuperBlob(blobs, MAGIC.requirements);
}

/** In the order of the set. @throws SigningError `MALFORMED`, `UNSUPPORTED` when it has a launch constraint */
export function decodeRequirementSet(blob: Uint8Array): LabeledRequirement[] {
  return decoding('the requirement set', () => {
    const { magic, length, slots } = decodeSuperBlob(blob);
    checkHead(magic, MAGIC.requirements, length, blob.length);
    return slots.map(({ slot, blob: member }) => ({ type: slot, requirement: decodeRequirement(member) }));
  });
}

function checkHead(magic: number, expected: number, length: number, size: number): void {
  if (magic !== expected)
    throw malformed(`magic 0x${magic.toString(16)} where 0x${expected.toString(16)} belongs`);
  if (length !== size) throw malformed(`it is ${size} bytes long and says ${length}`);
}
