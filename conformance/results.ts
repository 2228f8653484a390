/** What one check of one thing came to. */
export interface Result {
  /** The table that it is counted in. */
  readonly table: string;
  /** Row and column there. */
  readonly category: string;
  readonly check: string;
  readonly subject: string;
  /** What is wrong; undefined when nothing is. */
  readonly problem: string | undefined;
}

/** Tables, their rows and their columns, in the order in which they are read; what is not here comes last. */
const ORDER: readonly string[] = [
  'Programs, by architecture',
  'Bundles',
  'One byte changed',
  ...[
    'codesign-developer-id',
    'codesign-3rd-party-mac-developer',
    'codesign-adhoc',
    'apple-software-signing',
  ],
  ...['rcodesign-developer-id', 'ldid-adhoc', 'linker-signed', 'unsigned'],
  ...['strip', 'cdhash', 'bytes', 'signature', 'requirement', 'entitlements DER', 'signed attributes', 'CMS'],
  ...['timestamp', 'verify', 'inspect', 'CodeResources', 'whole bundle'],
];

/** Counts, and tells what is wrong as soon as it is known. */
export class Results {
  readonly #results: Result[] = [];
  readonly #skipped: string[] = [];

  add(result: Result): void {
    this.#results.push(result);
    const { check, subject, problem } = result;
    if (problem !== undefined) console.log(`✖ ${subject}: ${check}: ${problem}`);
  }

  /** What could not be looked at here; a failure when REQUIRE_ORACLES=1. */
  skip(subject: string, why: string): void {
    if (process.env.REQUIRE_ORACLES === '1')
      this.add({ table: 'packages', category: 'packages', check: 'unpacked', subject, problem: why });
    else this.#skipped.push(subject);
    console.log(`! skipped ${subject}: ${why}`);
  }

  get failed(): number {
    return this.#results.filter(({ problem }) => problem !== undefined).length;
  }

  get passed(): number {
    return this.#results.length - this.failed;
  }

  get skipped(): number {
    return this.#skipped.length;
  }

  /** Markdown: `identical / rows` for every category and check, one table after the other. */
  tables(): string {
    return inOrder(groupBy(this.#results, ({ table }) => table))
      .map(([name, results]) => `${name}\n\n${tableOf(results)}`)
      .join('\n\n');
  }
}

function tableOf(results: readonly Result[]): string {
  const checks = inOrder(groupBy(results, ({ check }) => check)).map(([check]) => check);
  const rows = inOrder(groupBy(results, ({ category }) => category)).map(([category, own]) => [
    category,
    ...checks.map((check) => ratio(own.filter((result) => result.check === check))),
  ]);
  return markdown([['', ...checks], ...rows]);
}

function ratio(results: readonly Result[]): string {
  const identical = results.filter(({ problem }) => problem === undefined).length;
  return results.length === 0 ? '' : `${identical}/${results.length}`;
}

function markdown([head, ...rows]: readonly (readonly string[])[]): string {
  const widths = head!.map((_, i) => Math.max(3, ...[head!, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function inOrder<T>(groups: ReadonlyMap<string, T>): [string, T][] {
  const rank = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [...groups].sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}
