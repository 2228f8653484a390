import { fromHex } from '../../bytes/hex.js';
import type { TokenReader } from './requirement-token-reader.js';
import type { Token } from './requirement-tokens.js';

export function parseHash(tokens: TokenReader, token: Token): Uint8Array {
  if (token.kind !== 'hash' || token.text.length !== 40)
    throw tokens.error(token, 'a hash of 40 hexadecimal digits, H"…", belongs here');
  return fromHex(token.text)!;
}

export function parseInteger(tokens: TokenReader): number {
  const isNegative = tokens.takeSymbol('-');
  const value = tokens.int32(tokens.next());
  return isNegative && value !== 0 ? -value : value;
}

/** `[name]` */
export function parseKey(tokens: TokenReader): string {
  tokens.expectSymbol('[');
  const key = parseName(tokens);
  tokens.expectSymbol(']');
  return key;
}

/** A word, a string, or the text whose UTF-8 bytes `0x…` gives. */
export function parseName(tokens: TokenReader): string {
  const token = tokens.next();
  if (token.kind === 'word' || token.kind === 'string') return token.text;
  if (token.kind === 'keyword') throw tokens.error(token, `"${token.text}" needs quotes here`);
  const bytes = token.kind === 'hex' ? fromHex(token.text) : undefined;
  if (!bytes) throw tokens.error(token, 'a word or a text in quotes belongs here');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw tokens.error(token, `0x${token.text} is not UTF-8 text`);
  }
}
