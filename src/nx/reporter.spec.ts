import { createReporter, printable, type ReporterOptions } from './reporter.js';

function shownBy(
  isTTY: boolean,
  options: Partial<ReporterOptions>,
  use: (r: ReturnType<typeof createReporter>) => void,
) {
  let text = '';
  const reporter = createReporter(
    { isTTY, write: (part) => (text += part) },
    { isVerbose: false, ci: undefined, ...options },
  );
  use(reporter);
  return text;
}

describe('createReporter', () => {
  it('shows steps and warnings as lines', () => {
    const text = shownBy(false, {}, (reporter) => {
      reporter.step('signing daemon');
      reporter.warn('the certificate expires in 3 days');
    });
    expect(text).toBe('  signing daemon\n! the certificate expires in 3 days\n');
  });

  it('shows details only to those who asked', () => {
    const tell = (isVerbose: boolean) =>
      shownBy(false, { isVerbose }, (reporter) => {
        reporter.detail('page 1');
      });
    expect(tell(false)).toBe('');
    expect(tell(true)).toBe('    page 1\n');
  });

  it('redraws progress on a terminal and clears it before the next line', () => {
    const text = shownBy(true, {}, (reporter) => {
      reporter.progress(1, 4);
      reporter.progress(4, 4);
      reporter.step('done');
    });
    expect(text).toBe('\r\u001b[K  25 %\r\u001b[K  done\n');
  });

  it.each([
    ['a pipe', false, undefined],
    ['a CI terminal', true, 'true'],
  ])('is silent about progress on %s', (_, isTTY, ci) => {
    expect(
      shownBy(isTTY, { ci }, (reporter) => {
        reporter.progress(1, 2);
      }),
    ).toBe('');
  });

  it('lets no name from a certificate move the cursor or begin a line', () => {
    const text = shownBy(false, {}, (reporter) => {
      reporter.step('signed by Eve\n::set-env name=PATH::\u001b[2Jx');
    });
    expect(text).toBe('  signed by Eve\\x0a::set-env name=PATH::\\x1b[2Jx\n');
  });
});

describe('printable', () => {
  it('keeps tabs and every letter', () => {
    expect(printable('a\tß 日本 😀')).toBe('a\tß 日本 😀');
  });
});
