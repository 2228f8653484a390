/** A row of a table, by the heads of its columns. */
export type Row = Readonly<Record<string, string>>;

/** The first table below a heading. @throws Error when there is none */
export function tableBelow(markdown: string, heading: string): Row[] {
  const lines = markdown.split('\n');
  const start = lines.indexOf(heading);
  const from = lines.findIndex((line, i) => i > start && line.startsWith('|'));
  if (start < 0 || from < 0) throw new Error(`there is no table below ${JSON.stringify(heading)}`);
  const end = lines.findIndex((line, i) => i > from && !line.startsWith('|'));
  const [heads = [], , ...rows] = lines.slice(from, end < 0 ? undefined : end).map(cellsOf);
  return rows.map((cells) => Object.fromEntries(heads.map((head, i) => [head, cells[i] ?? ''])));
}

/** `code` without its quotes. */
export function withoutQuotes(cell: string): string {
  return cell.replace(/^`|`$/g, '');
}

/** A bar within a cell has a backslash before it. */
function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
