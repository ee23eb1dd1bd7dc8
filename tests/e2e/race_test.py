#!/usr/bin/env python3
"""The final race: the best of a search and the engine's defaults against each other, in every output."""
import json

from harness import expect, expect_code, expect_equal, expect_in, main, sim_task, test


def racing(name, race=None, **optimization):
    """The rate of the engine is a parameter, so the defaults are far behind or the entrants alike."""
    sections = {"baseline": True, **optimization}
    if race is not None:
        sections["race"] = race
    return sim_task(name, {"ttft-ms": 2, "tpot-ms": [1, 1.05, 4]}, optimization=sections)


def raced_rows(summary):
    return [row for row in summary["all_results"] if row["search_phase"] == "race"]


@test
def a_race_is_measured_told_and_written(box):
    done = box.tune(racing("told", {"candidates": 2, "rounds": 3}), "--json")
    expect_code(done, 0)
    summary = json.loads(done.stdout)
    race = summary["analysis"]["race"]
    rows = raced_rows(summary)
    expect_equal(race["planned_rounds"], 3, "the rounds planned")
    expect(6 <= len(rows) <= 9, f"{len(rows)} rows of the race")
    expect_equal(sorted(n for entrant in race["entrants"] for n in entrant["rows"]),
                 [row["experiment_id"] for row in rows], "the rows of the entrants")
    expect_equal({row["repeat_of"] for row in rows}, {entrant["experiment_id"] for entrant in race["entrants"]},
                 "the entrants")
    expect("race round 1 of 3" in rows[0]["reason"], rows[0]["reason"])
    expect_in("race round 1 of 3", done.stderr, "the progress")
    best = summary["analysis"]["best"]["experiment_id"]
    if best == race["entrants"][0]["experiment_id"]:
        expect_in("raced ", summary["analysis"]["confidence"], "the confidence")
    page = (box.out / "told_report.html").read_text()
    expect_in("Final race", page, "the report")
    stored = box.run("results", "told", "--json")
    expect_code(stored, 0)
    expect_equal(json.loads(stored.stdout)["analysis"]["race"], race, "the race of the stored run")


@test
def no_race_is_run_unless_it_is_asked_for(box):
    done = box.tune(racing("plain"), "--json")
    expect_code(done, 0)
    summary = json.loads(done.stdout)
    expect_equal(raced_rows(summary), [], "rows of a race")
    expect_equal(summary["analysis"]["race"], None, "the race")


@test
def the_command_line_wins_over_the_file(box):
    done = box.tune(racing("more"), "--json", "--race", "1")
    expect_code(done, 0)
    race = json.loads(done.stdout)["analysis"]["race"]
    expect_equal(race["planned_rounds"], 1, "the rounds planned")
    expect_equal(race["rounds"], 1, "the rounds")
    none = box.tune(racing("none", True), "--json", "--no-race")
    expect_code(none, 0)
    expect_equal(raced_rows(json.loads(none.stdout)), [], "rows of a race")


@test
def a_race_beside_repeats_is_refused(box):
    done = box.tune(racing("both", repeat_best={"k": 1, "n": 1}), "--race", "2")
    expect_code(done, 2)
    expect_in("repeat_best", done.stderr, "the error")
    done = box.tune(racing("range"), "--race", "51")
    expect_code(done, 2)
    expect_in("51", done.stderr, "the error")


@test
def a_task_made_from_options_races_with_three_candidates(box):
    done = box.run("init", "--engine", "sim", "--model", "demo-8b", "--file", "-")
    expect_code(done, 0)
    expect_in("race: {candidates: 3, rounds: 3}", done.stdout, "the task file")


if __name__ == "__main__":
    main()
