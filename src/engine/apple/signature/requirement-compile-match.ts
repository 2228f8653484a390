import { parseName } from './requirement-compile-literals.js';
import { secondsSince2001, type DateMatchOp, type Match, type TextMatchOp } from './requirement.js';
import type { TokenReader } from './requirement-token-reader.js';
import type { Token } from './requirement-tokens.js';

const COMPARISONS: Readonly<Record<string, { readonly text: TextMatchOp; readonly date: DateMatchOp }>> = {
  '<': { text: 'less', date: 'before' },
  '>': { text: 'greater', date: 'after' },
  '<=': { text: 'at-most', date: 'on-or-before' },
  '>=': { text: 'at-least', date: 'on-or-after' },
};

/** What stands after the operand, `match_suffix` in Apple's grammar; nothing at all means that it exists. */
export function parseMatch(tokens: TokenReader): Match {
  if (tokens.takeKeyword('absent')) return { op: 'absent' };
  if (tokens.takeSymbol('~')) return { op: 'contains', value: parseName(tokens) };
  if (tokens.takeEquals()) return parseEquality(tokens);
  const comparison = COMPARISONS[tokens.peek().kind === 'symbol' ? tokens.peek().text : ''];
  if (comparison) {
    tokens.next();
    const seconds = parseDate(tokens);
    if (seconds !== undefined) return { op: comparison.date, seconds };
    return { op: comparison.text, value: parseName(tokens) };
  }
  tokens.takeKeyword('exists');
  return { op: 'exists' };
}

/** `value`, `*value`, `value*`, `*value*` or a date. */
function parseEquality(tokens: TokenReader): Match {
  const seconds = parseDate(tokens);
  if (seconds !== undefined) return { op: 'on', seconds };
  const starBefore = tokens.takeSymbol('*');
  const value = parseName(tokens);
  const starAfter = tokens.takeSymbol('*');
  if (starBefore) return { op: starAfter ? 'contains' : 'ends-with', value };
  return { op: starAfter ? 'begins-with' : 'equal', value };
}

/** `timestamp "20190408000000Z"`, or a date as it is printed. */
function parseDate(tokens: TokenReader): bigint | undefined {
  const token = tokens.peek();
  if (token.kind === 'date') {
    tokens.next();
    return seconds(tokens, token, `${token.text.replace(' ', 'T')}Z`);
  }
  if (!tokens.takeKeyword('timestamp')) return undefined;
  const literal = tokens.next();
  const digits = literal.kind === 'string' ? literal.text : '';
  return seconds(
    tokens,
    literal,
    digits.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  );
}

function seconds(tokens: TokenReader, token: Token, iso: string): bigint {
  const date = new Date(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(iso) ? iso : NaN);
  if (Number.isNaN(date.getTime())) throw tokens.error(token, 'a date, "YYYYMMDDhhmmssZ", belongs here');
  return secondsSince2001(date);
}
