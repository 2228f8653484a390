import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMPAT } from './compat.js';

describe('docs/compat.md', () => {
  it('has the settings of every profile', () => {
    const text = readFileSync(join(__dirname, '../../../docs/compat.md'), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    const [names, ...table] = rows.map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, 5),
    );
    const documented = (name: string): Record<string, string | undefined> => {
      const column = names!.indexOf(name);
      return Object.fromEntries(table.slice(1, 7).map((cells) => [cells[0]!, cells[column]] as const));
    };
    for (const [name, profile] of Object.entries(COMPAT)) {
      expect(documented(name)).toEqual(
        Object.fromEntries(Object.entries(profile).map(([key, value]) => [key, String(value)])),
      );
    }
  });
});
