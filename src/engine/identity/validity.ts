import type { Certificate } from '../crypto/certificate.js';
import type { Clock } from '../system/clock.js';
import { SigningError } from '../system/error.js';
import type { Reporter } from '../system/reporter.js';

const DAY = 24 * 60 * 60 * 1000;
const WARNING_DAYS = 30;

/** Warns in the last month. @param renewal what to do about it @throws SigningError `CERTIFICATE_EXPIRED`, too early included */
export function checkValidity(
  { subject, notBefore, notAfter }: Certificate,
  { clock, reporter }: { readonly clock: Clock; readonly reporter: Reporter },
  renewal: string,
): void {
  const now = clock.now();
  if (now > notAfter) throw invalid(`the certificate ${subject.text} expired on ${dayOf(notAfter)}`, renewal);
  if (now < notBefore)
    throw invalid(
      `the certificate ${subject.text} is valid only from ${notBefore.toISOString()}`,
      CHECK_CLOCK,
    );
  const days = Math.floor((notAfter.getTime() - now.getTime()) / DAY);
  if (days < WARNING_DAYS)
    reporter.warn(`the certificate ${subject.text} expires on ${dayOf(notAfter)}: ${renewal}`);
}

const CHECK_CLOCK = 'check the clock of this machine';

function invalid(message: string, hint: string): SigningError {
  return new SigningError('CERTIFICATE_EXPIRED', message, { hint });
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
