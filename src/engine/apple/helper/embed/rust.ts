import { GENERATED, type EmbeddedArchive, type Module } from './archive.js';

/** For `include!` or `mod`; a relative path counts from the file itself (The Rust Reference, `include_bytes!`). */
export function rustModule({ name, absolutePath, sha256 }: EmbeddedArchive): Module {
  const text = `// ${GENERATED}
pub const APP_ZIP_DATA: &[u8] = include_bytes!(${rustString(absolutePath ?? name)});
#[allow(dead_code)]
pub const APP_ZIP_SHA256: &str = ${rustString(sha256)};
`;
  return { name: 'app_zip_data.rs', text };
}

/** Everything but plain ASCII becomes `\u{…}` (The Rust Reference, string literals). */
function rustString(text: string): string {
  const escaped = Array.from(text, (char) =>
    /[ !#-[\]-~]/.test(char) ? char : `\\u{${char.codePointAt(0)!.toString(16)}}`,
  );
  return `"${escaped.join('')}"`;
}
