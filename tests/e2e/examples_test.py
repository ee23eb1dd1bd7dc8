#!/usr/bin/env python3
"""Every file in examples/ does what its first lines promise: those for the simulated engine are tuned, others planned."""
import concurrent.futures
import json
import re

from harness import ROOT, expect, expect_code, expect_equal, expect_in, main, sandbox, test

EXAMPLES = sorted((ROOT / "examples").iterdir())


def is_simulated(path):
    return re.search(r"\"?base_runtime\"?:\s*\"?sim\b", path.read_text()) is not None


def tune(path):
    with sandbox() as box:
        done = box.run("tune", path, "--out", box.out, "--json", limit=120)
        expect_code(done, 0)
        answer = json.loads(done.stdout)
        expect_equal(answer["state"], "completed", f"the state of {path.name}")
        expect_equal(answer["simulated"], True, f"simulated of {path.name}")
        expect_equal(answer["total_experiments"], answer["planned_experiments"], f"experiments of {path.name}")
        expect_equal(answer["successful_experiments"], answer["total_experiments"], f"successes of {path.name}")
        expect(answer["best_result"] is not None, f"{path.name} has no best result")
        expect_in("Simulated", answer["verdict"], f"the verdict of {path.name}")
        for name in (f"{path.stem}_results.json", f"{path.stem}_report.html"):
            expect((box.out / name).exists(), f"{name} is missing")
        box.expect_no_process()


@test
def examples_for_the_simulated_engine_are_tuned(box):
    simulated = [path for path in EXAMPLES if is_simulated(path)]
    expect(len(simulated) >= 3, f"too few examples for the simulated engine: {simulated}")
    with concurrent.futures.ThreadPoolExecutor(len(simulated)) as pool:
        for done in [pool.submit(tune, path) for path in simulated]:
            done.result()


@test
def examples_are_valid_without_a_warning(box):
    for path in EXAMPLES:
        done = box.run("validate", "--strict", path)
        expect_code(done, 0)


@test
def examples_for_other_engines_are_planned(box):
    others = [path for path in EXAMPLES if not is_simulated(path)]
    expect(len(others) >= 4, f"too few examples for other engines: {others}")
    for path in others:
        done = box.run("plan", "--json", path)
        expect_code(done, 0)
        plan = json.loads(done.stdout)
        expect(plan["space"]["planned_experiments"] > 0, f"{path.name} plans nothing")
        expect(plan["space"]["first"][0]["command"], f"{path.name} has no command")
        expect_equal(plan["simulated"], False, f"simulated of {path.name}")


if __name__ == "__main__":
    main()
