import fc from 'fast-check';
import type { Match, Requirement } from '../../src/engine/apple/signature/requirement.js';

// Requirements and texts at random, for tests.

const slot = fc.constantFrom(0, -1, 1, 2, -2);
const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', 'and', 'com.example.app', '6ABC', 'a"\\b', '.a..b.'),
);
const oid = fc.constantFrom('1.2.840.113635.100.6.2.6', '2.5.29.37', '1.3.6.1.4.1.4294967296.0', '2.999.1');

const match: fc.Arbitrary<Match> = fc.oneof(
  fc.record({ op: fc.constant('exists' as const) }),
  fc.record({ op: fc.constant('absent' as const) }),
  fc.record({
    op: fc.constantFrom(
      'equal',
      'contains',
      'begins-with',
      'ends-with',
      'less',
      'greater',
      'at-most',
      'at-least',
    ),
    value: text,
  }),
  fc.record({
    op: fc.constantFrom('on', 'before', 'after', 'on-or-before', 'on-or-after'),
    seconds: fc.bigInt({ min: -60_000_000_000n, max: 250_000_000_000n }), // Years 99 to 9923
  }),
);

const clause: fc.Arbitrary<Requirement> = fc.oneof(
  fc.record({
    op: fc.constantFrom(
      'never',
      'always',
      'anchor-apple',
      'anchor-apple-generic',
      'anchor-trusted',
      'notarized',
      'legacy',
    ),
  }),
  fc.record({ op: fc.constantFrom('identifier', 'named-anchor', 'named-code'), name: text }),
  fc.record({ op: fc.constant('cdhash' as const), hash }),
  fc.record({ op: fc.constantFrom('info', 'entitlement'), key: text, match }),
  fc.record({ op: fc.constant('certificate-hash' as const), slot, hash }),
  fc.record({ op: fc.constant('certificate-trusted' as const), slot }),
  fc.record({
    op: fc.constant('certificate-subject' as const),
    slot,
    key: text.map((rest) => `subject.${rest}`),
    match,
  }),
  fc.record({
    op: fc.constantFrom('certificate-field', 'certificate-policy', 'certificate-date'),
    slot,
    oid,
    match,
  }),
  fc.record({ op: fc.constant('platform' as const), platform: fc.integer({ min: -5, max: 100 }) }),
);

/** Every kind that has a text which compiles to it again. */
export const anyRequirement: fc.Arbitrary<Requirement> = fc.letrec<{ tree: Requirement }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'medium' },
    clause,
    fc.record({ op: fc.constantFrom('and', 'or'), left: tie('tree'), right: tie('tree') }),
    fc.record({ op: fc.constant('not' as const), operand: tie('tree') }),
  ),
})).tree;
