import { SigningError } from '../../system/error.js';
import { MAX_LEVELS } from './requirement.js';
import { syntaxError, tokenize, type Token } from './requirement-tokens.js';

export interface CompileOptions {
  /**
   * SHA-1 of the DER certificate in a file: `anchor = /path` and `certificate 1 = "/path"` name files.
   * Without it, they are refused.
   */
  readonly certificateHash?: ((path: string) => Uint8Array) | undefined;
}

/** Takes the tokens of a requirement one by one. @throws SigningError `INVALID_REQUIREMENT` */
export class TokenReader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #options: CompileOptions;
  #next = 0;
  #operators = 0;

  constructor(text: string, options: CompileOptions) {
    this.#text = text;
    this.#tokens = tokenize(text);
    this.#options = options;
  }

  peek(): Token {
    return this.#tokens[this.#next]!;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#next++;
    return token;
  }

  /** Whether a name that is no keyword comes next. */
  isAtName(): boolean {
    return ['word', 'string', 'hex'].includes(this.peek().kind);
  }

  takeKeyword(keyword: string): boolean {
    return this.#take('keyword', keyword);
  }

  takeSymbol(symbol: string): boolean {
    return this.#take('symbol', symbol);
  }

  /** `=` and `==` are the same, and often nothing is as well. */
  takeEquals(): boolean {
    return this.takeSymbol('=') || this.takeSymbol('==');
  }

  /** Each operator may add a level to the tree, and Apple's interpreter refuses deep trees. */
  takeOperator(operator: 'and' | 'or' | '!' | '('): boolean {
    const token = this.peek();
    const taken = this.takeKeyword(operator) || this.takeSymbol(operator);
    if (taken && ++this.#operators >= MAX_LEVELS)
      throw this.error(token, `more than ${MAX_LEVELS - 1} operators and parentheses`);
    return taken;
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.error(this.peek(), `${symbol} belongs here`);
  }

  expectKeyword(keyword: string): void {
    if (!this.takeKeyword(keyword)) throw this.error(this.peek(), `${keyword} belongs here`);
  }

  expectEnd(): void {
    if (this.peek().kind !== 'end') throw this.error(this.peek(), 'the end, or and / or, belongs here');
  }

  int32(token: Token): number {
    const value = token.kind === 'integer' ? Number(token.text) : NaN;
    if (!(value <= 0x7fffffff)) throw this.error(token, 'a number that fits into 31 bits belongs here');
    return value;
  }

  certificateHash(token: Token): Uint8Array {
    const read = this.#options.certificateHash;
    if (read) return read(token.text);
    throw this.error(token, `certificate files are not read here, give ${token.text} as H"…", its SHA-1`);
  }

  error(token: Token, problem: string): SigningError {
    return syntaxError(this.#text, token.at, problem);
  }

  #take(kind: Token['kind'], text: string): boolean {
    const token = this.peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.#next++;
    return true;
  }
}
