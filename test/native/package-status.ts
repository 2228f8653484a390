/** What `pkgutil --check-signature` says of a package, in its own words, and by whom it is signed. */
export interface PackageStatus {
  readonly status: string;
  /** SHA-256, lower-case hexadecimal, the signer's first. */
  readonly fingerprints: readonly string[];
}

/** @throws Error when there is no status */
export function parsePackageStatus(output: string): PackageStatus {
  const [, status] = /^ *Status: (.*)$/m.exec(output) ?? [];
  if (status === undefined) throw new Error(`pkgutil told no status:\n${output}`);
  const fingerprints = Array.from(
    output.matchAll(/SHA256 Fingerprint:\n((?: +(?:[0-9A-F]{2} ?)+\n?)+)/g),
    ([, digits]) => digits!.replace(/\s+/g, '').toLowerCase(),
  );
  return { status, fingerprints };
}
