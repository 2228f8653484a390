import type { ErrorCode } from '../src/engine/system/error.js';

/** What a `SigningError` has to be for `toThrow` and `rejects.toEqual`: its code, parts of its message and hint, which it must have. */
export function refusal(code: ErrorCode, message = '', hint = ''): Error {
  return expect.objectContaining({
    name: 'SigningError',
    code,
    message: expect.stringContaining(message) as string,
    hint: expect.stringContaining(hint) as string,
  }) as Error;
}
