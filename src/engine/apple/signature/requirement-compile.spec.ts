import fc from 'fast-check';
import { PUBLIC_REQUIREMENTS } from '../../../../test/fixtures/public-requirements.js';
import { toHex } from '../../bytes/hex.js';
import { SigningError } from '../../system/error.js';
import { decodeRequirementSet, encodeRequirement, encodeRequirementSet } from './requirement-blob.js';
import { compileRequirement, compileRequirementSet } from './requirement-compile.js';
import { printRequirement, printRequirementSet } from './requirement-text.js';
import { anyRequirement } from '../../../../test/arbitrary/requirement.js';
import { joinLeft, type Requirement } from './requirement.js';

const SHA1 = '0123456789abcdef0123456789abcdef01234567';
const expressionOf = (text: string) => toHex(encodeRequirement(compileRequirement(text)).subarray(12));
const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof SigningError) return error;
    throw error;
  }
  throw new Error('it did not fail');
};

/** Chains as the compiler builds them, whoever built them. */
function leftNested(requirement: Requirement): Requirement {
  if ('left' in requirement) {
    const [first, ...others] = operandsOf(requirement.op, requirement).map(leftNested);
    return joinLeft(requirement.op, [first!, ...others]);
  }
  return requirement.op === 'not' ? { op: 'not', operand: leftNested(requirement.operand) } : requirement;
}

function operandsOf(op: 'and' | 'or', requirement: Requirement): Requirement[] {
  if (requirement.op !== op) return [requirement];
  return [...operandsOf(op, requirement.left), ...operandsOf(op, requirement.right)];
}

describe('the text of public programs', () => {
  it('is as codesign prints it', () => {
    const { hex } = PUBLIC_REQUIREMENTS.find(({ identifier }) => identifier === 'node')!;
    expect(printRequirementSet(decodeRequirementSet(Uint8Array.from(Buffer.from(hex, 'hex'))))).toBe(
      'designated => identifier node and anchor apple generic and certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */' +
        ' and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate leaf[subject.OU] = HX7739G8FX\n',
    );
  });

  it.each(PUBLIC_REQUIREMENTS)('compiles to the same tree: $package, $identifier', ({ hex }) => {
    const [designated] = decodeRequirementSet(Uint8Array.from(Buffer.from(hex, 'hex')));
    const [compiled] = compileRequirementSet(printRequirementSet([designated!]));
    expect(compiled).toEqual({ type: 3, requirement: leftNested(designated!.requirement) });
  });

  it('gives the same bytes again when there are two clauses, and others when there are more', () => {
    for (const { hex, kind } of PUBLIC_REQUIREMENTS) {
      const printed = printRequirementSet(decodeRequirementSet(Uint8Array.from(Buffer.from(hex, 'hex'))));
      const again = toHex(encodeRequirementSet(compileRequirementSet(printed)));
      expect(again === hex).toBe(kind === 'apple');
    }
  });
});

describe('compiling', () => {
  it.each([
    ['always', '00000001'],
    ['false', '00000000'],
    ['! never', '0000000900000000'],
    ['identifier a', '000000020000000161000000'],
    ['identifier = "a b"', '000000020000000361206200'],
    [`cdhash H"${SHA1}"`, `0000000800000014${SHA1}`],
    ['anchor apple', '00000003'],
    ['anchor apple generic', '0000000f'],
    ['anchor generic apple', '0000000f'],
    ['anchor apple x', '000000120000000178000000'],
    ['anchor trusted', '0000000d'],
    ['cert trusted', '0000000d'],
    [`anchor = H"${SHA1.toUpperCase()}"`, `00000004ffffffff00000014${SHA1}`],
    [`certificate leaf H"${SHA1}"`, `000000040000000000000014${SHA1}`],
    ['certificate -2 trusted', '0000000cfffffffe'],
    ['anchor[subject.CN] = x', '0000000bffffffff0000000a7375626a6563742e434e0000000000010000000178000000'],
    [
      'cert 1[field.1.2.840.113635.100.6.2.6] exists',
      '0000000e000000010000000a2a864886f763640602060000' + '00000000',
    ],
    ['cert 1[extension.1.2]', '0000000e00000001000000012a00000000000000'],
    ['cert 1[policy.1.2] absent', '0000001100000001000000012a0000000000000e'],
    [
      'cert leaf[timestamp.1.2] < timestamp "20010101000010Z"',
      '0000001600000000000000012a0000000000000a000000000000000a',
    ],
    ['info[a] == "x"', '0000000a0000000161000000000000010000000178000000'],
    ['info[a] = *x', '0000000a0000000161000000000000040000000178000000'],
    ['info[a] = x*', '0000000a0000000161000000000000030000000178000000'],
    ['info[a] = *x*', '0000000a0000000161000000000000020000000178000000'],
    ['info[a] ~ x', '0000000a0000000161000000000000020000000178000000'],
    ['info [a] >= "1"', '0000000a0000000161000000000000080000000131000000'],
    ['entitlement["a"] <= 0x78', '000000100000000161000000000000070000000178000000'],
    ['platform = 6', '0000001400000006'],
    ['notarized', '00000015'],
    ['legacy', '00000017'],
    ['(sub)', '0000001300000003' + '73756200'],
    ['always /* a */ and // b\n never # c', '000000060000000100000000'],
    ['always and never and legacy', '0000000600000006000000010000000000000017'],
    ['always or never and legacy', '0000000700000001000000060000000000000017'],
    ['(always or never) and legacy;', '0000000600000007000000010000000000000017'],
  ])('%s', (text, hex) => {
    expect(expressionOf(text)).toBe(hex);
  });

  it('takes several labeled requirements', () => {
    const set = compileRequirementSet(
      'host => anchor apple; designated => identifier a library => never 77 => always',
    );
    expect(set.map(({ type }) => type)).toEqual([1, 3, 4, 77]);
  });

  it('asks for the hash of a certificate that is a file', () => {
    const certificateHash = (path: string) => {
      expect(path).toBe('/etc/root');
      return new Uint8Array(20);
    };
    expect(compileRequirement('anchor = /etc/root', { certificateHash })).toMatchObject({
      op: 'certificate-hash',
      slot: -1,
    });
    expect(failure(() => compileRequirement('anchor = "/etc/root"')).message).toContain('its SHA-1');
  });

  it.each([
    ['identifier com.example.my-app', 'column 26: the end, or and / or, belongs here'],
    ['identifier 6ABC', 'column 12: a word or a text in quotes belongs here'],
    ['identifier and', '"and" needs quotes here'],
    ['identifier "a', 'column 12: "\\"" is not understood'],
    ['identifier a and', 'column 17: a condition belongs here'],
    ['cdhash H"00"', 'a hash of 40 hexadecimal digits'],
    ['cert leaf[issuer.CN] = x', 'one of subject.…'],
    ['cert leaf[field.9.9] exists', '"9.9" is not an object identifier'],
    ['cert leaf[timestamp.1.2] < timestamp "2001"', 'a date'],
    ['cert constructor trusted', 'a number that fits into 31 bits'],
    [`cert leaf[field.1.2${'.1'.repeat(100)}]`, 'is not an object identifier'],
    ['platform = 99999999999', 'fits into 31 bits'],
    ['(anchor apple', ') belongs here'],
    ['designated => anchor apple', 'a condition belongs here'],
    ['anchor apple\n  and\n  bogus', 'line 3, column 3: a condition belongs here'],
    ['', 'a condition belongs here'],
    ['! '.repeat(2000) + 'always', 'more than 998 operators'],
    ['('.repeat(100_000), 'more than 998 operators'],
  ])('refuses %j', (text, problem) => {
    const error = failure(() => compileRequirement(text));
    expect(error.code).toBe('INVALID_REQUIREMENT');
    expect(error.message).toContain(problem);
  });

  it('says nothing but SigningError, whatever the text', () => {
    const words = fc.constantFrom(
      'and',
      'or',
      '!',
      '(',
      ')',
      'anchor',
      'apple',
      'cert',
      'leaf',
      '[',
      ']',
      '=',
      '*',
      '"a"',
      'b',
      '0x',
      '<',
      'timestamp',
      '/*',
      'H"',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 30 }), (parts) => {
        try {
          compileRequirementSet(`designated => ${parts.join(' ')}`);
        } catch (error) {
          expect(error).toBeInstanceOf(SigningError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('printing', () => {
  it('gives a text that compiles to the requirement again', () => {
    fc.assert(
      fc.property(anyRequirement, (requirement) => {
        expect(compileRequirement(printRequirement(requirement))).toEqual(leftNested(requirement));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['identifier "com.example"', 'identifier "com.example"'],
    ['info["CFBundle.x"] = y', 'info[CFBundle.x] = y'],
    ['info["a-b"] exists', 'info["a-b"] /* exists */'],
    ['info[x] absent', 'info[x] absent '],
    ['identifier "apple"', 'identifier "apple"'],
    ['identifier "6A"', 'identifier "6A"'],
    ['identifier ""', 'identifier ""'],
    ['identifier "é"', 'identifier 0xc3a9'],
    ['identifier "a\\"b"', 'identifier "a\\"b"'],
    ['info[x] = *y', 'info[x] = *y'],
    ['info[x] = *y*', 'info[x] ~ y'],
    ['(always or never) and ! (legacy and notarized)', '(always or never) and ! (legacy and notarized)'],
    ['cert leaf trusted', 'certificate leaftrusted'],
    [
      'cert leaf[timestamp.1.2] >= timestamp "20190408000000Z"',
      'certificate leaf[timestamp.1.2] >= <2019-04-08 00:00:00 +0000>',
    ],
  ])('of %s', (text, printed) => {
    expect(printRequirement(compileRequirement(text))).toBe(printed);
  });

  it('names the types, also those that it does not know', () => {
    expect(printRequirementSet(compileRequirementSet('guest => always 9 => never'))).toBe(
      'guest => always\n/*unknown type*/ 9 => never\n',
    );
  });
});
