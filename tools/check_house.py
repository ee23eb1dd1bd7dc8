#!/usr/bin/env python3
"""House rules that no compiler checks: no sleeping tests, no TODO without an issue number, NOLINT with a reason."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RULES = [
    (r"_test\.cpp$|^tests/.*\.cpp$", r"sleep_for|sleep_until|\busleep\(|[^_]\bsleep\(", "a test that sleeps: wait for the condition"),
    (r"\.(cpp|hpp|py|sh)$", r"\b(TODO|FIXME|XXX)\b(?!.*#\d+)", "TODO without an issue number"),
    (r"\.(cpp|hpp)$", r"NOLINT(?!END)(?!\S*\([\w\-,. ]+\).*\S)", "NOLINT names the check and the reason"),
    (r"_test\.cpp$", r"EXPECT_TRUE\(true\)|GTEST_SKIP", "a test that can't fail"),
]


def main():
    files = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True,
                           stdout=subprocess.PIPE, check=True).stdout.split("\n")
    offences = []
    for name in files:
        path = ROOT / name
        if not name or not path.is_file() or name == "tools/check_house.py":
            continue
        rules = [(re.compile(p), text) for suffix, p, text in RULES if re.search(suffix, name)]
        if not rules:
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            offences += [f"{name}:{number}: {text}" for pattern, text in rules if pattern.search(line)]
    print("\n".join(offences) if offences else "house rules: kept")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
