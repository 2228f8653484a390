import { fromHex } from '../../bytes/hex.js';
import { parseMatch, parseValue } from './requirement-compile-match.js';
import { TokenReader, type CompileOptions } from './requirement-token-reader.js';
import {
  LEAF,
  REQUIREMENT_TYPE,
  ROOT,
  type LabeledRequirement,
  type Match,
  type Requirement,
} from './requirement.js';
import type { Token } from './requirement-tokens.js';

// A recursive descent through Apple's grammar (requirements.grammar in Security, libsecurity_codesigning).
// Equal operators are joined from the left, as csreq's output is.

/**
 * Compiles one condition, for example `identifier "com.example.app" and anchor apple generic`.
 * @throws SigningError `INVALID_REQUIREMENT` with line and column
 */
export function compileRequirement(text: string, options: CompileOptions = {}): Requirement {
  const tokens = new TokenReader(text, options);
  const requirement = parseElement(tokens);
  tokens.expectEnd();
  return requirement;
}

/**
 * Compiles conditions with labels, for example `designated => anchor apple`.
 * @throws SigningError `INVALID_REQUIREMENT` with line and column
 */
export function compileRequirementSet(text: string, options: CompileOptions = {}): LabeledRequirement[] {
  const tokens = new TokenReader(text, options);
  const set: LabeledRequirement[] = [];
  do {
    const type = parseType(tokens);
    tokens.expectSymbol('=>');
    set.push({ type, requirement: parseElement(tokens) });
  } while (tokens.peek().kind !== 'end');
  return set;
}

function parseType(tokens: TokenReader): number {
  const token = tokens.next();
  if (token.kind === 'integer') return tokens.int32(token);
  if (token.kind === 'keyword' && Object.hasOwn(REQUIREMENT_TYPE, token.text))
    return REQUIREMENT_TYPE[token.text as keyof typeof REQUIREMENT_TYPE];
  throw tokens.error(token, 'one of designated, library, host, guest, plugin and then => belongs here');
}

function parseElement(tokens: TokenReader): Requirement {
  const requirement = parseOr(tokens);
  while (tokens.takeSymbol(';')); // Punctuation without a meaning.
  return requirement;
}

function parseOr(tokens: TokenReader): Requirement {
  let left = parseAnd(tokens);
  while (tokens.takeOperator('or')) left = { op: 'or', left, right: parseAnd(tokens) };
  return left;
}

function parseAnd(tokens: TokenReader): Requirement {
  let left = parsePrimary(tokens);
  while (tokens.takeOperator('and')) left = { op: 'and', left, right: parsePrimary(tokens) };
  return left;
}

function parsePrimary(tokens: TokenReader): Requirement {
  if (tokens.takeOperator('!')) return { op: 'not', operand: parsePrimary(tokens) };
  if (tokens.takeOperator('(')) return parseParenthesis(tokens);
  const token = tokens.next();
  if (token.kind !== 'keyword') throw tokens.error(token, 'a condition belongs here');
  return parseClause(tokens, token);
}

/** `(name)` calls a requirement that the system keeps under that name. */
function parseParenthesis(tokens: TokenReader): Requirement {
  const isName = ['word', 'string', 'hex'].includes(tokens.peek().kind);
  const inside: Requirement = isName ? { op: 'named-code', name: parseName(tokens) } : parseOr(tokens);
  tokens.expectSymbol(')');
  return inside;
}

function parseClause(tokens: TokenReader, keyword: Token): Requirement {
  switch (keyword.text) {
    case 'always':
    case 'true':
      return { op: 'always' };
    case 'never':
    case 'false':
      return { op: 'never' };
    case 'notarized':
    case 'legacy':
      return { op: keyword.text };
    case 'identifier':
      tokens.takeEquals();
      return { op: 'identifier', name: parseName(tokens) };
    case 'cdhash':
      tokens.takeEquals();
      return { op: 'cdhash', hash: parseHash(tokens, tokens.next()) };
    case 'platform':
      tokens.takeEquals();
      return { op: 'platform', platform: parseInteger(tokens) };
    case 'info':
    case 'entitlement':
      return { op: keyword.text, key: parseKey(tokens), match: parseMatch(tokens) };
    case 'anchor':
      return parseAnchor(tokens);
    case 'certificate':
    case 'cert':
      return parseCertificate(tokens);
    default:
      throw tokens.error(keyword, 'a condition belongs here');
  }
}

function parseAnchor(tokens: TokenReader): Requirement {
  if (tokens.takeKeyword('trusted')) return { op: 'anchor-trusted' };
  if (tokens.takeKeyword('generic')) {
    tokens.expectKeyword('apple');
    return { op: 'anchor-apple-generic' };
  }
  if (!tokens.takeKeyword('apple')) return parseCertificateClause(tokens, ROOT);
  if (tokens.takeKeyword('generic')) return { op: 'anchor-apple-generic' };
  const isNamed = ['word', 'string', 'hex'].includes(tokens.peek().kind);
  return isNamed ? { op: 'named-anchor', name: parseName(tokens) } : { op: 'anchor-apple' };
}

/** Apple's printer writes `leaf trusted` without the space. */
const TRUSTED_SLOTS: Readonly<Record<string, number>> = { leaftrusted: LEAF, roottrusted: ROOT };

function parseCertificate(tokens: TokenReader): Requirement {
  if (tokens.takeKeyword('trusted')) return { op: 'anchor-trusted' };
  const printed = TRUSTED_SLOTS[tokens.peek().text];
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

const OID_PARTS = {
  field: 'certificate-field',
  extension: 'certificate-field',
  policy: 'certificate-policy',
  timestamp: 'certificate-date',
} as const;

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
  if (!/^(?:[01]\.[0-3]?\d|2\.\d{1,9})(?:\.\d{1,19})*$/.test(oid))
    throw tokens.error(at, `${JSON.stringify(oid)} is not an object identifier`);
  return { op: OID_PARTS[part as keyof typeof OID_PARTS], slot, oid, match };
}

function parseCertificateHash(tokens: TokenReader): Uint8Array {
  const token = tokens.next();
  if (token.kind === 'path' || token.kind === 'string' || token.kind === 'word')
    return tokens.certificateHash(token);
  return parseHash(tokens, token);
}

function parseHash(tokens: TokenReader, token: Token): Uint8Array {
  if (token.kind !== 'hash' || token.text.length !== 40)
    throw tokens.error(token, 'a hash of 40 hexadecimal digits, H"…", belongs here');
  return fromHex(token.text)!;
}

function parseInteger(tokens: TokenReader): number {
  const isNegative = tokens.takeSymbol('-');
  const value = tokens.int32(tokens.next());
  return isNegative && value !== 0 ? -value : value;
}

function parseKey(tokens: TokenReader): string {
  tokens.expectSymbol('[');
  const key = parseName(tokens);
  tokens.expectSymbol(']');
  return key;
}

function parseName(tokens: TokenReader): string {
  return parseValue(tokens, tokens.next());
}
