export type TemplateValues = Readonly<Record<string, string>>;

const TOKEN = /<%= (\w+) %>/gu;

/**
 * Fills `<%= name %>` tokens. Not EJS, whose templates are programs, and which escapes for HTML whatever the language
 * of the file: here a token is a name, and its value is escaped for where it goes.
 */
export function render(template: string, values: TemplateValues, escape: (value: string) => string): string {
  return template.replace(TOKEN, (_, name: string) => escape(valueOf(name, values)));
}

function valueOf(name: string, values: TemplateValues): string {
  const value = values[name];
  if (value === undefined) throw new Error(`a template asks for ${name}, which the generator does not know`);
  return value;
}

/** How a value is written into a file with this name. */
export function escapeFor(fileName: string): (value: string) => string {
  if (/\.(?:plist|entitlements)$/u.test(fileName)) return escapeXml;
  if (/\.[ch]$/u.test(fileName)) return escapeC;
  return (value) => value;
}

const ENTITIES: TemplateValues = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

function escapeXml(value: string): string {
  return value.replace(/[&<>"']/gu, (character) => ENTITIES[character]!);
}

/** For the inside of a string literal; an octal escape has three digits, so it draws in none that follows. */
function escapeC(value: string): string {
  return value.replace(/[^ !#->@-[\]-~]/gu, (character) =>
    Array.from(new TextEncoder().encode(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(
      '',
    ),
  );
}
