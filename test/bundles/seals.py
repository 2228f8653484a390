"""A second opinion on seals: reads every CodeResources below a folder, and prints what differs from the files.

Knows nothing of the engine: rules, hashes, links, and the cdhash of nested code are worked out anew.
"""

import hashlib
import os
import plistlib
import re
import struct
import sys


def compiled(rules):
    # POSIX: the end is the end, not a line break before it.
    return [
        (re.compile(pattern.replace("$", r"\Z"), re.S), rule if isinstance(rule, dict) else {"omit": not rule})
        for pattern, rule in rules.items()
    ]


def best(path, rules):
    matching = [rule for pattern, rule in rules if pattern.search(path)]
    return max(matching, key=lambda rule: rule.get("weight", 1), default=None)


def main_executable(root):
    for name in ("Info.plist", "Resources/Info.plist"):
        try:
            with open(os.path.join(root, name), "rb") as file:
                data = file.read()
        except FileNotFoundError:
            continue
        program = plistlib.loads(data).get("CFBundleExecutable")
        folder = "MacOS/" if os.path.basename(root) == "Contents" else ""
        return folder + program if program else name
    raise Exception("no Info.plist in " + root)


def root_of(bundle):
    for folder in ("Contents", "Versions/Current"):
        if os.path.isdir(os.path.join(bundle, folder)):
            return os.path.realpath(os.path.join(bundle, folder))
    return bundle


def code_directory(data):
    """The SHA-256 one of a thin little-endian Mach-O file."""
    count, at = struct.unpack_from("<I", data, 16)[0], 32
    for _ in range(count):
        command, size, offset = struct.unpack_from("<III", data, at)
        if command == 0x1D:
            break
        at += size
    blobs = {}
    for i in range(struct.unpack_from(">I", data, offset + 8)[0]):
        slot, blob = struct.unpack_from(">II", data, offset + 12 + 8 * i)
        start = offset + blob
        blobs[slot] = data[start : start + struct.unpack_from(">I", data, start + 4)[0]]
    return blobs.get(0x1000) or blobs[0]


def cdhash(path):
    if os.path.isdir(path):
        root = root_of(path)
        path = os.path.join(root, main_executable(root))
        parts = os.path.join(root, "_CodeSignature/CodeDirectory")
        if os.path.exists(parts):
            return hashlib.sha256(open(parts, "rb").read()).digest()[:20]
    return hashlib.sha256(code_directory(open(path, "rb").read())).digest()[:20]


def walk(root, rules, folder=""):
    """Path, full path and rule of everything that a seal could be about."""
    for name in os.listdir(os.path.join(root, folder)):
        path, full = os.path.join(folder, name), os.path.join(root, folder, name)
        rule = best(path, rules)
        if path in ("_CodeSignature", "CodeResources", "_MASReceipt"):
            continue
        if os.path.isdir(full) and not os.path.islink(full):
            if rule and rule.get("nested") and "." in name:
                yield path, full, rule
            else:
                yield from walk(root, rules, path)
        else:
            yield path, full, rule


def digest(name, path):
    return hashlib.new(name, open(path, "rb").read()).digest()


def expected2(full, rule):
    optional = {"optional": True} if rule.get("optional") else {}
    if os.path.islink(full):
        return {"symlink": os.readlink(full), **optional}
    if rule.get("nested"):
        return {"cdhash": cdhash(full)}
    return {"hash2": digest("sha256", full), **optional}


def expected1(full, rule):
    sha1 = digest("sha1", full)
    return {"hash": sha1, "optional": True} if rule.get("optional") else sha1


def compare(kind, sealed, expected):
    for path in sorted(set(sealed) | set(expected)):
        seal = sealed.get(path)
        if isinstance(seal, dict):
            seal = {key: value for key, value in seal.items() if key != "requirement"}
        if seal != expected.get(path):
            yield f"{kind} {path}: {seal} is not {expected.get(path)}"


def check(root):
    with open(os.path.join(root, "_CodeSignature/CodeResources"), "rb") as file:
        seal = plistlib.load(file)
    main = main_executable(root)
    rules, rules2 = compiled(seal["rules"]), compiled(seal["rules2"])
    second = {
        path: expected2(full, rule)
        for path, full, rule in walk(root, rules2)
        if path != main and rule and not rule.get("omit")
    }
    first = {
        path: expected1(full, rule)
        for path, full, rule in walk(root, rules)
        if path != main and rule and not rule.get("omit") and not os.path.islink(full)
    }
    yield from compare("files2", seal["files2"], second)
    yield from compare("files", seal["files"], first)


count = 0
for folder, _, names in os.walk(sys.stdin.read()):
    if os.path.basename(folder) == "_CodeSignature" and "CodeResources" in names:
        count += 1
        for problem in check(os.path.dirname(folder)):
            print(os.path.dirname(folder), problem)
print(f"{count} seals")
