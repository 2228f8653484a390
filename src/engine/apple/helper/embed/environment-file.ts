import { GENERATED, type Module } from './archive.js';

/** A file that dotenv, shells (`set -a; . helper.env`) and Docker's --env-file read alike. */
export function environmentFile(variables: Readonly<Record<string, string>>): Module {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  const comment = `# ${GENERATED} Relative paths count from the folder of this file.`;
  return { name: 'helper.env', text: [comment, ...lines, ''].join('\n') };
}

/** Single quotes keep everything but a single quote, which a shell and dotenv read in different ways. */
function quoted(value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  return value.includes("'") ? `"${value.replace(/["\\$\`]/g, '\\$&')}"` : `'${value}'`;
}
