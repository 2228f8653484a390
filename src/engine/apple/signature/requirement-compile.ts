import { parseAnchor, parseCertificate } from './requirement-compile-certificate.js';
import { parseHash, parseInteger, parseKey, parseName } from './requirement-compile-literals.js';
import { parseMatch } from './requirement-compile-match.js';
import { TokenReader, type CompileOptions } from './requirement-token-reader.js';
import { REQUIREMENT_TYPE, type LabeledRequirement, type Requirement } from './requirement.js';
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
  const isName = tokens.isAtName();
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
