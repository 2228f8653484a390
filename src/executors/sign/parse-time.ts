import { SigningError } from '../../engine/system/error.js';

/** @throws SigningError `INVALID_OPTION` when the text is no point in time */
export function parseTime(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new SigningError('INVALID_OPTION', `signingTime is ${JSON.stringify(text)}, which is no time`, {
    hint: 'write it as 2026-01-31T12:00:00Z',
  });
}
