import fc from 'fast-check';
import { PUBLIC_REQUIREMENTS } from '../../../../test/fixtures/public-requirements.js';
import { toHex } from '../../bytes/hex.js';
import { SigningError } from '../../system/error.js';
import {
  decodeRequirement,
  decodeRequirementSet,
  encodeRequirement,
  encodeRequirementSet,
} from './requirement-blob.js';
import { anyRequirement } from '../../../../test/arbitrary/requirement.js';
import { REQUIREMENT_TYPE } from './requirement.js';

const fromHex = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof SigningError) return error.code;
    throw error;
  }
  return undefined;
};
const expression = (hex: string) =>
  fromHex(`fade0c00${(12 + hex.length / 2).toString(16).padStart(8, '0')}00000001${hex}`);

describe('requirement sets of public programs', () => {
  it.each(PUBLIC_REQUIREMENTS)('come out as they went in: $package, $identifier', ({ hex }) => {
    const set = decodeRequirementSet(fromHex(hex));
    expect(set.map(({ type }) => type)).toEqual([REQUIREMENT_TYPE.designated]);
    expect(toHex(encodeRequirementSet(set))).toBe(hex);
  });

  it('are empty in ad-hoc signatures', () => {
    expect(toHex(encodeRequirementSet([]))).toBe('fade0c010000000c00000000');
    expect(decodeRequirementSet(fromHex('fade0c010000000c00000000'))).toEqual([]);
  });

  it('end in a SigningError wherever they are cut, and in nothing else when bytes change', () => {
    const sets = PUBLIC_REQUIREMENTS.map(({ hex }) => fromHex(hex));
    for (const set of sets)
      for (let length = 0; length < set.length; length++)
        expect(codeOf(() => decodeRequirementSet(set.subarray(0, length)))).toBe('MALFORMED');
    fc.assert(
      fc.property(
        fc.constantFrom(...sets),
        fc.nat(1000),
        fc.integer({ min: 1, max: 255 }),
        (set, at, change) => {
          const mutated = Uint8Array.from(set);
          mutated[at % set.length]! ^= change;
          codeOf(() => decodeRequirementSet(mutated));
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
  });
});

describe('the binary form', () => {
  it('gives every requirement back', () => {
    fc.assert(
      fc.property(anyRequirement, (requirement) => {
        expect(decodeRequirement(encodeRequirement(requirement))).toEqual(requirement);
      }),
    );
  });

  it('keeps what only newer systems know, with what older ones shall make of it', () => {
    const isFalse = expression('80000063' + '00000004' + 'cafebabe');
    expect(decodeRequirement(isFalse)).toMatchObject({ op: 'unknown', meaning: { op: 'never' } });
    const skipped = expression('40000063' + '00000004' + 'cafebabe' + '00000001');
    expect(decodeRequirement(skipped)).toMatchObject({ op: 'unknown', meaning: { op: 'always' } });
    for (const blob of [isFalse, skipped]) expect(encodeRequirement(decodeRequirement(blob))).toEqual(blob);
  });

  it('refuses an unknown operation that does not say how long it is', () => {
    expect(codeOf(() => decodeRequirement(expression('00000063')))).toBe('MALFORMED');
  });

  it('refuses trees as deep as Apple refuses, and bytes after the end', () => {
    expect(codeOf(() => decodeRequirement(expression('00000009'.repeat(998) + '00000001')))).toBeUndefined();
    expect(codeOf(() => decodeRequirement(expression('00000009'.repeat(999) + '00000001')))).toBe(
      'MALFORMED',
    );
    expect(codeOf(() => decodeRequirement(expression('0000000100000001')))).toBe('MALFORMED');
  });

  it('says of a launch constraint that it is none of its requirements', () => {
    expect(codeOf(() => decodeRequirement(fromHex('fade0c000000000e000000027000')))).toBe('UNSUPPORTED');
  });

  it('sorts a set by type, and has one requirement for each', () => {
    const always = { type: REQUIREMENT_TYPE.library, requirement: { op: 'always' } } as const;
    const never = { type: REQUIREMENT_TYPE.host, requirement: { op: 'never' } } as const;
    expect(decodeRequirementSet(encodeRequirementSet([always, never]))).toEqual([never, always]);
    expect(codeOf(() => encodeRequirementSet([always, always]))).toBe('INVALID_REQUIREMENT');
  });
});
