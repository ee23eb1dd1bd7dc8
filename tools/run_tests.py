#!/usr/bin/env python3
"""The stages of ./test, quickest first. Prints a closing line "N passed, N failed"; exits 1 when anything failed."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = str(max(1, min(os.cpu_count() or 2, 8)))
SOURCES = (".cpp", ".hpp")
# Where threads and sockets meet.
TSAN_TARGETS = ["hosts_test", "traffic_test", "simulator_test", "store_test", "tuning_test"]
COVERED = ["base", "space", "search", "metrics", "spec"]
COVERAGE_FLOOR = 90.0
GTEST_LIMIT = 900
LONGEST = ["search_test", "tuning_test", "hosts_test"]


class Results:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.failures = []

    def check(self, name, ok, detail=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append(name)
        if not ok and detail:
            print(detail.rstrip())
        print(f"  {'ok  ' if ok else 'FAIL'} {name}", flush=True)


def run(command, **options):
    return subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def command_check(results, name, command, env=None):
    started = time.monotonic()
    done = run(command, env={**os.environ, **(env or {})})
    lines = done.stdout.splitlines()
    results.check(f"{name} ({time.monotonic() - started:.0f} s)", done.returncode == 0, "\n".join(lines[-60:]))
    return done


def tracked(pattern_suffixes):
    files = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"]).stdout.split("\n")
    return [f for f in files if f.endswith(pattern_suffixes) and (ROOT / f).exists()]


def changed_files(everything):
    """Files that differ from the merge base with the upstream branch; of the last commit where there is none."""
    if everything:
        return tracked(SOURCES)
    for upstream in ("@{upstream}", "origin/main", "origin/HEAD"):
        base = run(["git", "merge-base", "HEAD", upstream])
        if base.returncode == 0:
            head = run(["git", "rev-parse", "HEAD"]).stdout.strip()
            if base.stdout.strip() == head and not run(["git", "status", "--porcelain"]).stdout.strip():
                # A clean clone of what has landed: the last commit is what changed.
                diff = run(["git", "diff", "--name-only", "--diff-filter=d", "HEAD~1"])
            else:
                diff = run(["git", "diff", "--name-only", "--diff-filter=d", base.stdout.strip()])
            return [f for f in diff.stdout.split("\n") if f.endswith(SOURCES) and (ROOT / f).exists()]
    # No upstream at all: the last commit and what is not committed yet.
    diff = run(["git", "diff", "--name-only", "--diff-filter=d", "HEAD~1"])
    if diff.returncode != 0:
        return tracked(SOURCES)
    return [f for f in diff.stdout.split("\n") if f.endswith(SOURCES) and (ROOT / f).exists()]


def stage_style(results, options):
    files = changed_files(options.all)
    if files:
        command_check(results, f"clang-format of {len(files)} files", ["clang-format-19", "--dry-run", "-Werror", *files])
    command_check(results, "include layers", [sys.executable, "tools/check_layers.py"])
    command_check(results, "house rules", [sys.executable, "tools/check_house.py"])


def build(results, preset, targets=None):
    configured = command_check(results, f"configure {preset}", ["cmake", "--preset", preset])
    if configured.returncode != 0:
        return False
    command = ["cmake", "--build", "--preset", preset, "--parallel", JOBS]
    if targets:
        command += ["--target", *targets]
    return command_check(results, f"build {preset}", command).returncode == 0


def gtest_counts(binary, label, env):
    """Runs a GoogleTest binary: how many of its tests passed and failed, from its XML report, and what to print."""
    report = ROOT / "build" / "reports" / f"{label}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    started = time.monotonic()
    try:
        done = run([str(binary), f"--gtest_output=xml:{report}"], env={**os.environ, **(env or {})}, timeout=GTEST_LIMIT)
    except subprocess.TimeoutExpired as expired:
        said = expired.stdout.decode(errors="replace") if isinstance(expired.stdout, bytes) else str(expired.stdout)
        return 0, 1, f"{said[-4000:]}\n  FAIL {label}: still running after {GTEST_LIMIT} s"
    total = failed = 0
    if report.exists():
        root = xml.etree.ElementTree.parse(report).getroot()
        total, failed = int(root.get("tests", 0)), int(root.get("failures", 0)) + int(root.get("errors", 0))
    seconds = time.monotonic() - started
    if done.returncode == 0 and total > 0 and failed == 0:
        return total, 0, f"  ok   {label}: {total} tests ({seconds:.1f} s)"
    tail = "\n".join(done.stdout.splitlines()[-80:])
    return (max(0, total - failed), max(1, failed),
            f"{tail}\n  FAIL {label}: {failed} of {total} tests, exit code {done.returncode}")


def run_gtests(results, preset, binaries, env=None):
    """As many binaries at once as there are cores."""
    with concurrent.futures.ThreadPoolExecutor(int(JOBS)) as pool:
        labels = {pool.submit(gtest_counts, binary, f"{preset}/{binary.name}", env): f"{preset}/{binary.name}" for binary in binaries}
        for done in concurrent.futures.as_completed(labels):
            passed, failed, text = done.result()
            results.passed += passed
            results.failed += failed
            if failed:
                results.failures.append(labels[done])
            print(text, flush=True)


def test_binaries(preset):
    """The longest first, so that none of them is left alone at the end."""
    found = [p for p in (ROOT / "build" / preset).rglob("*_test") if p.is_file() and os.access(p, os.X_OK)]
    return sorted(found, key=lambda p: (p.name not in LONGEST, p.name))


def stage_unit(results, options):
    if not build(results, "ci"):
        return
    command_check(results, "every header compiles alone",
                  ["cmake", "--build", "--preset", "ci", "--target", "all_verify_interface_header_sets", "--parallel", JOBS])
    run_gtests(results, "ci", test_binaries("ci"))


def stage_tidy(results, options):
    files = [f for f in changed_files(options.all) if f.endswith(".cpp") and f.startswith("src/")]
    if not files:
        print("  no changed source files")
        return
    if command_check(results, "configure tidy", ["cmake", "--preset", "tidy"]).returncode != 0:
        return
    command_check(results, f"clang-tidy of {len(files)} files",
                  ["run-clang-tidy-19", "-quiet", "-p", "build/tidy", "-j", JOBS, *[f"^{ROOT / f}$" for f in files]])


def stage_tsan(results, options):
    if not build(results, "tsan", TSAN_TARGETS):
        return
    run_gtests(results, "tsan", test_binaries("tsan"), {"TSAN_OPTIONS": "halt_on_error=1"})


def stage_coverage(results, options):
    targets = [f"{module}_test" for module in COVERED]
    if not build(results, "coverage", targets):
        return
    for data in (ROOT / "build" / "coverage").rglob("*.gcda"):
        data.unlink()
    run_gtests(results, "coverage", [ROOT / "build" / "coverage" / "src" / target for target in targets])
    for module in COVERED:
        done = run(["gcovr", "--gcov-executable", "llvm-cov-19 gcov", "--root", ".", "--filter", f"src/{module}/",
                    "--exclude", r".*_test\.cpp", "--object-directory", "build/coverage", "--print-summary", "build/coverage"])
        lines = re.search(r"lines: ([\d.]+)%", done.stdout)
        percent = float(lines.group(1)) if lines else 0.0
        results.check(f"line coverage of {module}: {percent:.1f} % (floor {COVERAGE_FLOOR:.0f} %)", percent >= COVERAGE_FLOOR,
                      "" if lines else done.stdout[-2000:])


def stage_e2e(results, options):
    if not build(results, "release", ["autotuner"]):
        return
    command_check(results, "docs/reference is what the program says", [sys.executable, "tools/generate_docs.py", "--check"])
    for script in sorted((ROOT / "tests" / "e2e").glob("*_test.py")):
        done = run([sys.executable, str(script)], timeout=1500)
        counts = re.findall(r"^(\d+) passed, (\d+) failed$", done.stdout, re.M)
        if counts and done.returncode == (1 if int(counts[-1][1]) else 0):
            passed, failed = map(int, counts[-1])
            results.passed += passed
            results.failed += failed
            if failed:
                results.failures.append(script.name)
                print(done.stdout[-6000:])
            print(f"  {'FAIL' if failed else 'ok  '} {script.name}: {passed} passed, {failed} failed", flush=True)
        else:
            results.check(script.name, False, done.stdout[-6000:])


STAGES = {"style": stage_style, "unit": stage_unit, "tidy": stage_tidy, "tsan": stage_tsan, "coverage": stage_coverage,
          "e2e": stage_e2e}


def main():
    parser = argparse.ArgumentParser(prog="./test", description=__doc__)
    parser.add_argument("--all", action="store_true", help="check style and tidy of all files, not only of changed ones")
    parser.add_argument("stages", nargs="*", choices=[[], *STAGES], help=f"stages to run (default: all of {', '.join(STAGES)})")
    options = parser.parse_args()
    results = Results()
    for name in options.stages or STAGES:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        STAGES[name](results, options)
        print(f"== {name} took {time.monotonic() - started:.0f} s", flush=True)
    if results.failures:
        print("Failed: " + ", ".join(results.failures))
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed or not results.passed else 0


if __name__ == "__main__":
    sys.exit(main())
