import { SigningError } from '../../system/error.js';

/** The words that name nothing unless they are quoted (RequirementKeywords.h). */
export const KEYWORDS: ReadonlySet<string> = new Set(
  [
    'guest',
    'host',
    'designated',
    'library',
    'plugin',
    'or',
    'and',
    'always',
    'true',
    'never',
    'false',
  ].concat(
    ['identifier', 'cdhash', 'platform', 'notarized', 'legacy', 'anchor', 'apple', 'generic', 'certificate'],
    ['cert', 'trusted', 'info', 'entitlement', 'exists', 'absent', 'leaf', 'root', 'timestamp'],
  ),
);

export type TokenKind =
  | 'keyword'
  | 'word'
  | 'string'
  /** Hexadecimal digits of `H"…"`. */
  | 'hash'
  /** Hexadecimal digits of `0x…`. */
  | 'hex'
  | 'integer'
  | 'path'
  /** `2019-04-08 00:00:00`, as printed dates are. */
  | 'date'
  | 'symbol'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

/**
 * The lexer of requirements.grammar, and a little more so that all that Apple's printer writes can be read back:
 * a backslash before a backslash, dates between angle brackets, dots anywhere in a word. Carriage returns are white
 * space here.
 */
const TOKEN = new RegExp(
  [
    /(?<blank>(?:[ \t\r\n]+|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/)+)/,
    /H"(?<hash>[0-9a-fA-F]+)"/,
    /0x(?<hex>[0-9a-fA-F]+)/,
    /"(?<string>[^"\\]*(?:\\["\\][^"\\]*)*)"/,
    /(?<word>[A-Za-z.][A-Za-z0-9.]*)/,
    /(?<integer>[0-9]+)/,
    /(?<path>\/[A-Za-z][A-Za-z0-9]*(?:\/[A-Za-z][A-Za-z0-9]*)+)/,
    /<(?<date>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \+0000>/,
    /(?<symbol>=>|==|<=|>=|[;()[\]<>=~\-!*])/,
  ]
    .map((alternative) => alternative.source)
    .join('|'),
  'y',
);

/** Ends with a token of kind `end`. @throws SigningError `INVALID_REQUIREMENT` with the column */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN); // A copy, for its position is its own.
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups as Record<string, string | undefined> | undefined;
    if (!groups) throw syntaxError(text, at, `${JSON.stringify(text[at])} is not understood`);
    const [kind, found = ''] = Object.entries(groups).find(([, group]) => group !== undefined)!;
    if (kind !== 'blank') tokens.push(tokenOf(kind as TokenKind, found, at));
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

export function syntaxError(text: string, at: number, problem: string): SigningError {
  const before = text.slice(0, at).split('\n');
  const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  return new SigningError('INVALID_REQUIREMENT', `the requirement is not valid at ${place}: ${problem}`, {
    hint: 'names with anything but letters, digits and dots need quotes, for example identifier "com.example.my-tool"',
  });
}

function tokenOf(kind: TokenKind, text: string, at: number): Token {
  if (kind === 'word' && KEYWORDS.has(text)) return { kind: 'keyword', text, at };
  return { kind, text: kind === 'string' ? text.replace(/\\(.)/g, '$1') : text, at };
}
