import { parseHash, parseInteger, parseKey, parseName } from './requirement-compile-literals.js';
import { parseMatch } from './requirement-compile-match.js';
import type { TokenReader } from './requirement-token-reader.js';
import type { Token } from './requirement-tokens.js';
import { LEAF, ROOT, type Match, type Requirement } from './requirement.js';

/** Apple's printer writes `leaf trusted` without the space. */
const PRINTED_AS_TRUSTED = new Map([
  ['leaftrusted', LEAF],
  ['roottrusted', ROOT],
]);

const OID_PARTS = {
  field: 'certificate-field',
  extension: 'certificate-field',
  policy: 'certificate-policy',
  timestamp: 'certificate-date',
} as const;

/** Real ones have 30 characters. */
const MAX_OID_LENGTH = 64;

/** After `anchor`. */
export function parseAnchor(tokens: TokenReader): Requirement {
  if (tokens.takeKeyword('trusted')) return { op: 'anchor-trusted' };
  if (tokens.takeKeyword('generic')) {
    tokens.expectKeyword('apple');
    return { op: 'anchor-apple-generic' };
  }
  if (!tokens.takeKeyword('apple')) return parseCertificateClause(tokens, ROOT);
  if (tokens.takeKeyword('generic')) return { op: 'anchor-apple-generic' };
  return tokens.isAtName() ? { op: 'named-anchor', name: parseName(tokens) } : { op: 'anchor-apple' };
}

/** After `certificate` or `cert`. */
export function parseCertificate(tokens: TokenReader): Requirement {
  if (tokens.takeKeyword('trusted')) return { op: 'anchor-trusted' };
  const printed = PRINTED_AS_TRUSTED.get(tokens.peek().text);
  if (printed !== undefined) {
    tokens.next();
    return { op: 'certificate-trusted', slot: printed };
  }
  const slot = parseSlot(tokens);
  if (tokens.takeKeyword('trusted')) return { op: 'certificate-trusted', slot };
  return parseCertificateClause(tokens, slot);
}

function parseSlot(tokens: TokenReader): number {
  if (tokens.takeKeyword('leaf')) return LEAF;
  if (tokens.takeKeyword('root')) return ROOT;
  return parseInteger(tokens);
}

function parseCertificateClause(tokens: TokenReader, slot: number): Requirement {
  if (tokens.peek().text !== '[' || tokens.peek().kind !== 'symbol') {
    tokens.takeEquals();
    return { op: 'certificate-hash', slot, hash: parseCertificateHash(tokens) };
  }
  const bracket = tokens.peek();
  return certificatePart(tokens, bracket, slot, parseKey(tokens), parseMatch(tokens));
}

function certificatePart(
  tokens: TokenReader,
  at: Token,
  slot: number,
  key: string,
  match: Match,
): Requirement {
  if (key.startsWith('subject.')) return { op: 'certificate-subject', slot, key, match };
  const dot = key.indexOf('.');
  const part = key.slice(0, dot);
  const oid = key.slice(dot + 1);
  if (!Object.hasOwn(OID_PARTS, part))
    throw tokens.error(at, 'one of subject.…, field.…, extension.…, policy.… or timestamp.… belongs here');
  if (oid.length > MAX_OID_LENGTH || !/^(?:[01]\.[0-3]?\d|2\.\d{1,9})(?:\.\d{1,19})*$/.test(oid))
    throw tokens.error(at, `${JSON.stringify(oid)} is not an object identifier`);
  return { op: OID_PARTS[part as keyof typeof OID_PARTS], slot, oid, match };
}

function parseCertificateHash(tokens: TokenReader): Uint8Array {
  const token = tokens.next();
  if (token.kind === 'path' || token.kind === 'string' || token.kind === 'word')
    return tokens.certificateHash(token);
  return parseHash(tokens, token);
}
