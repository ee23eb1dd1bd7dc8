#!/usr/bin/env python3
"""Writes docs/reference/ from the program itself: the command line, the task file, the metrics.

  tools/generate_docs.py           writes the files
  tools/generate_docs.py --check   says which differ and exits 1; writes nothing
Both run build/release/autotuner (or the program named with --program).
"""
import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by tools/generate_docs.py; change the program, then run it again. -->\n\n"


def output_of(program, *arguments):
    # What a host sets must not show in the files.
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": "/nonexistent", "NO_COLOR": "1", "COLUMNS": "120", "LC_ALL": "C.UTF-8"}
    done = subprocess.run([program, *arguments], env=environment, text=True, capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        sys.exit(f"autotuner {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
    return "\n".join(line.rstrip() for line in done.stdout.rstrip().split("\n")) + "\n"


def commands_of(help_text):
    listed = help_text.split("Subcommands:\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  (\w[\w-]*) ", listed, re.M)


def cli_reference(program):
    overview = output_of(program, "--help")
    text = "# Command line\n\n```text\n" + overview + "```\n"
    for command in commands_of(overview):
        text += f"\n## autotuner {command}\n\n```text\n" + output_of(program, command, "--help") + "```\n"
    return text


def documents(program):
    return {
        "cli.md": NOTE + cli_reference(program),
        "task-file.md": NOTE + output_of(program, "schema", "--markdown"),
        "metrics.md": NOTE + output_of(program, "schema", "--metrics"),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--program", default=str(ROOT / "build" / "release" / "autotuner"))
    options = parser.parse_args()
    if not os.access(options.program, os.X_OK):
        sys.exit(f"{options.program} is not there: cmake --workflow --preset release builds it")
    stale = 0
    for name, text in documents(options.program).items():
        path = REFERENCE / name
        before = path.read_text() if path.exists() else ""
        if before == text:
            continue
        if options.check:
            stale += 1
            difference = difflib.unified_diff(before.splitlines(), text.splitlines(), f"docs/reference/{name}", "the program", lineterm="", n=1)
            print("\n".join(list(difference)[:40]))
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote docs/reference/{name}")
    if stale:
        print(f"{stale} of the generated documents are stale: run tools/generate_docs.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
