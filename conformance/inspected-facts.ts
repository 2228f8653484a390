import type { SignatureInspection, SliceInspection } from '../src/engine/index.js';
import type { SignatureCase, SliceCase } from './cases.js';

/** What `inspect` tells that is not as it should be; undefined when all is. */
export function differentFacts(inspected: SliceInspection | undefined, slice: SliceCase): string | undefined {
  if (inspected?.arch !== slice.arch) return `${inspected?.arch ?? 'no slice'} instead of ${slice.arch}`;
  if (!inspected.signature || !slice.signature)
    return (inspected.signature === null) === (slice.signature === undefined) ? undefined : 'signed or not';
  const [told, known] = [factsTold(inspected.signature), factsKnown(slice.signature)];
  const wrong = Object.keys(known).filter((name) => told[name] !== known[name]);
  return wrong.length === 0
    ? undefined
    : wrong.map((name) => `${name} ${told[name]!} instead of ${known[name]!}`).join(', ');
}

type Facts = Readonly<Record<string, string>>;

function factsTold(signature: SignatureInspection): Facts {
  const [first] = signature.codeDirectories;
  return texts({
    identifier: first!.identifier,
    teamId: first!.teamId,
    flags: first!.flags,
    version: first!.version,
    pageSize: first!.pageSize,
    runtime: first!.runtimeVersion,
    offset: first!.codeLimit,
    size: signature.reservedSize,
    cdhashes: signature.codeDirectories.map(({ hashType, cdhash }) => [hashType, cdhash]),
    signer: /(?<=CN=)[^=]*(?=,|$)/.exec(signature.certificates[0]?.subject ?? '')?.[0] ?? null,
    signingTime: signature.signingTime,
    timestamp: signature.timestamp,
  });
}

function factsKnown({ signer, cdhashes, ...facts }: SignatureCase): Facts {
  return texts({
    ...facts,
    cdhashes: Object.entries(cdhashes),
    signer: signer?.name ?? null,
    signingTime: signer?.signingTime ?? null,
    timestamp: signer?.timestamp ?? null,
  });
}

function texts(facts: Readonly<Record<string, unknown>>): Facts {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, JSON.stringify(value)]));
}
