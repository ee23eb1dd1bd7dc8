#!/usr/bin/env python3
"""A task that begins with what an earlier one measured: said at the start, in the plan and in every output."""
import json

from harness import expect, expect_code, expect_equal, expect_in, main, sim_task, test

WORDS = "starts from 1 earlier task: first (6 trials, same model and load)"


def task(name, **optimization):
    """The rate of the engine is a parameter: the smallest value is the fastest."""
    return sim_task(name, {"ttft-ms": 2, "tpot-ms": [12, 10, 8, 6, 4, 2]}, optimization=optimization)


def warm(name, **optimization):
    return task(name, strategy="bayesian", warm_start=True, max_iterations=2, **optimization)


def first_task(box):
    expect_code(box.tune(task("first")), 0)


@test
def a_second_task_says_which_one_it_starts_from(box):
    first_task(box)
    done = box.tune(warm("second"), "--json")
    expect_code(done, 0)
    expect_in(WORDS, done.stderr, "the progress")
    summary = json.loads(done.stdout)
    expect_equal(summary["starts_from"], [{"known_failures": 0, "model": "demo-1b", "same_load": True,
                                           "same_model": True, "task_name": "first", "trials": 6}], "starts_from")
    row = summary["all_results"][0]
    expect_equal(row["parameters"]["tpot-ms"], 2, "the first trial, where the earlier task was fastest")
    expect_in("prior", row["reason"], "its reason")
    expect_in(WORDS, (box.out / "second_report.html").read_text(), "the report")
    stored = box.run("results", "second", "--json")
    expect_code(stored, 0)
    expect_equal(json.loads(stored.stdout)["starts_from"], summary["starts_from"], "starts_from of the stored run")


@test
def the_plan_says_it_before(box):
    first_task(box)
    path = box.write("second.json", warm("second"))
    plan = box.run("plan", path)
    expect_code(plan, 0)
    expect_in(WORDS, plan.stdout, "the plan")
    described = json.loads(box.run("plan", "--json", path).stdout)
    expect_equal([earlier["trials"] for earlier in described["starts_from"]], [6], "the trials in the plan")


@test
def nothing_is_looked_up_unless_the_task_asks_or_when_the_command_line_forbids(box):
    first_task(box)
    for name, arguments, document in (("silent", (), warm("silent")), ("cold", ("--cold",), warm("cold"))):
        if name == "silent":
            del document["optimization"]["warm_start"]
        done = box.tune(document, "--json", *arguments)
        expect_code(done, 0)
        expect_equal(json.loads(done.stdout)["starts_from"], [], f"starts_from of {name}")
        expect("starts from" not in done.stderr, done.stderr)
    document = warm("asked")
    del document["optimization"]["warm_start"]
    done = box.tune(document, "--json", "--warm-start")
    expect_code(done, 0)
    expect_equal(len(json.loads(done.stdout)["starts_from"]), 1, "tasks that it starts from")


if __name__ == "__main__":
    main()
