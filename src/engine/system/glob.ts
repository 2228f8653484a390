/** What a character or group of a glob means as a regular expression. */
const MEANING: Readonly<Record<string, string>> = {
  '**/': '(?:.*/)?',
  '**': '.*',
  '*': '[^/]*',
  '?': '[^/]',
  '{': '(?:',
  '}': ')',
  ',': '|',
};

/**
 * A glob of forward-slash paths with `*`, `**`, `?` and `{a,b}`. Brackets and parentheses mean themselves: the helpers
 * of Electron are called `App Helper (GPU).app`, which the usual libraries take for a group.
 */
export function globPattern(glob: string): RegExp {
  let depth = 0;
  const source = glob.replace(/\*\*\/|\*\*|[*?{},]|[\\^$.|+()[\]]/g, (token) => {
    if (token === '{') depth++;
    if ((token === ',' || token === '}') && depth === 0) return token;
    if (token === '}') depth--;
    return MEANING[token] ?? `\\${token}`;
  });
  return new RegExp(`^${source}${')'.repeat(depth)}$`);
}
