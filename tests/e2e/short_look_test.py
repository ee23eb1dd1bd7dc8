#!/usr/bin/env python3
"""The short look: a share of the load decides whether the rest is sent, in every output."""
import json

from harness import expect, expect_code, expect_equal, expect_in, main, sim_task, test


def looking(name, short_look=True):
    """The rate of the engine is a parameter: two are alike, the last one is a tenth as fast."""
    return sim_task(name, {"ttft-ms": 2, "tpot-ms": [1, 1.05, 10]},
                    optimization={"baseline": False, "short_look": short_look},
                    benchmark={"max_requests_per_iteration": 200})


def rows(summary):
    return {row["experiment_id"]: row for row in summary["all_results"]}


@test
def what_is_far_behind_ends_after_the_look(box):
    done = box.tune(looking("told"), "--json")
    expect_code(done, 0)
    summary = json.loads(done.stdout)
    by_number = rows(summary)
    expect_equal([by_number[n]["fidelity"] for n in (1, 2, 3)], [1, 1, 0.25], "the shares that were measured")
    last = by_number[3]
    expect_equal(last["status"], "success", "the status")
    expect("% behind #" in last["cut_short"] and "so the whole load was not sent" in last["cut_short"],
           last["cut_short"])
    expect_equal(last["metrics"]["partial"], True, "partial")
    expect("short_look" in by_number[2], "the second trial keeps what its look measured")
    expect(summary["analysis"]["best"]["experiment_id"] in (1, 2), "the best was measured whole")
    expect_in("short look only", done.stderr, "the progress")
    expect_in("short look only", (box.out / "told_report.html").read_text(), "the report")
    table = box.run("results", "told")
    expect_code(table, 0)
    expect_in("short look", table.stdout, "the table")
    stored = box.run("results", "told", "--json")
    expect_code(stored, 0)
    expect_equal(rows(json.loads(stored.stdout))[3]["cut_short"], last["cut_short"], "the stored reason")


@test
def fixed_measures_everything_whole(box):
    done = box.tune(looking("whole"), "--json", "--fixed")
    expect_code(done, 0)
    by_number = rows(json.loads(done.stdout))
    expect_equal([by_number[n]["fidelity"] for n in (1, 2, 3)], [1, 1, 1], "the shares that were measured")


@test
def a_task_that_asks_for_none_has_none(box):
    done = box.tune(looking("plain", False), "--json")
    expect_code(done, 0)
    by_number = rows(json.loads(done.stdout))
    expect_equal({row["cut_short"] for row in by_number.values()}, {None}, "the reasons")
    expect(all("short_look" not in row for row in by_number.values()), "no looks in the records")


@test
def a_look_that_can_say_nothing_is_warned_of(box):
    task = looking("warned")
    task["benchmark"]["max_requests_per_iteration"] = 12
    done = box.run("validate", box.write("warned.json", json.dumps(task)))
    expect_in("too few to say anything", done.stdout + done.stderr, "the warnings")


if __name__ == "__main__":
    main()
