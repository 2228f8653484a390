import type { Reporter } from '../engine/system/reporter.js';

// What a task shows, and where:
// - steps, warnings and the last line go to stdout: Nx keeps only the stdout of a task that succeeded, and replays it
//   on a cache hit, so a warning printed on stderr would be lost the second time;
// - progress redraws one line, and only on a terminal outside CI: everywhere else each frame would stay as a line;
// - color and width are never decided on FORCE_COLOR: Nx sets it for every task, piped ones too.

/** The part of `process.stdout` that a reporter needs. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface ReporterOptions {
  readonly isVerbose: boolean;
  /** Any value but `false` and the empty string means a CI machine, as Nx sees it. */
  readonly ci: string | undefined;
}

/** Shows the engine's reports on a terminal, a pipe or a CI log. */
export function createReporter(out: Output, { isVerbose, ci }: ReporterOptions): Reporter {
  const redraws = out.isTTY === true && (ci ?? 'false') === 'false';
  let drawn = '';
  const line = (text: string) => {
    if (drawn) out.write('\r\u001b[K');
    drawn = '';
    out.write(`${printable(text)}\n`);
  };
  const redraw = (text: string) => {
    if (text !== drawn) out.write(`\r\u001b[K${text}`);
    drawn = text;
  };
  return {
    step: (text) => {
      line(`  ${text}`);
    },
    warn: (text) => {
      line(`! ${text}`);
    },
    detail: (text) => {
      if (isVerbose) line(`    ${text}`);
    },
    progress: (done, total) => {
      if (redraws) redraw(done < total ? `  ${Math.floor((100 * done) / total)} %` : '');
    },
  };
}

/** Names inside certificates and files are chosen by strangers: none may move the cursor or forge a CI command. */
export function printable(text: string): string {
  return text.replace(CONTROL, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

const CONTROL = /[^\P{Cc}\t]/gu;
