import { readdirSync, readFileSync } from 'node:fs';
import type { CompleteOptions } from './options.js';
import { escapeFor, render, type TemplateValues } from './render.js';

const TEMPLATES = new URL('../../../helper-template/', import.meta.url);
const SUFFIX = '.template';

/** The files of the helper by path below the project: those of `helper-template`, with the project's names filled in. */
export function helperFiles(options: CompleteOptions): Map<string, string> {
  const values = templateValues(options);
  const files = new Map<string, string>();
  // Sorted, `helper-config.h` with its neutral values comes before `helper-config.h.template`, which replaces it.
  for (const name of readdirSync(TEMPLATES).sort()) {
    const text = readFileSync(new URL(name, TEMPLATES), 'utf8');
    const target = name.endsWith(SUFFIX) ? name.slice(0, -SUFFIX.length) : name;
    files.set(`helper/${target}`, name === target ? text : render(text, values, escapeFor(target)));
  }
  return files;
}

function templateValues({
  parent,
  identifier,
  teamId,
  helperName,
  helperIdentifier,
}: CompleteOptions): TemplateValues {
  return {
    name: helperName,
    helperIdentifier,
    identifier,
    teamId,
    parent,
    // Without a team, anybody can sign with any identifier: asking for one would only seem to protect.
    parentIdentifier: teamId === '' ? '' : identifier,
    daemon: parent.split(',')[0]!,
  };
}
