#!/usr/bin/env python3
"""Runs that are cut off at any moment and resumed end as the unbroken run does. Nothing is lost, doubled or left behind."""
import concurrent.futures
import json
import random
import signal
import time

from harness import Watched, expect, expect_code, expect_equal, main, sandbox, sim_task, test, wait_for

KILLS = 50
# Cut-off runs mostly wait for the simulated engine, so some of them fit side by side on two cores.
SIDE_BY_SIDE = 4


def task_of(name="cut"):
    """Six points, one of which fails, chosen by a strategy that draws: a resumed run must draw the same."""
    return sim_task(name, {"ttft-ms": 2, "tpot-ms": 1, "max-num-seqs": [1, 2, 4], "max-num-batched-tokens": [64, 128],
                           "fail": ["none"]},
                    optimization={"strategy": "random", "max_iterations": 6, "baseline": True},
                    benchmark={"max_requests_per_iteration": 4, "num_concurrency": [2]})


def table(summary):
    """What must not depend on where a run was cut off: figures are measured anew, so they are not in it."""
    rows = [summary["baseline"], *summary["all_results"]]
    return [(row["experiment_id"], json.dumps(row["parameters"]), row["status"], row["search_phase"], row["same_as"])
            for row in rows if row]


def finished(box, path):
    done = box.run("tune", path, "--out", box.out, "--resume", "--json")
    expect_code(done, 0)
    return json.loads(done.stdout)


def unbroken():
    """The table and the duration of a run that nobody disturbs."""
    with sandbox() as box:
        started = time.monotonic()
        done = box.tune(task_of(), "--json")
        expect_code(done, 0)
        return json.loads(done.stdout), time.monotonic() - started


def killed_and_resumed(moment, second_moment):
    """One run killed after `moment` seconds, its resumption killed too, then resumed to the end."""
    with sandbox() as box:
        path = box.write("cut.json", task_of())
        known = []
        for seconds in (moment, second_moment):
            if seconds is None:
                continue
            run = box.start("tune", path, "--out", box.out, "--resume")
            try:
                run.communicate(timeout=seconds)
            except Exception:  # still at work: that is the moment
                run.kill()
                run.communicate()
            box.expect_no_process()
            stored = box.run("results", "cut", "--json")
            if stored.returncode == 0:
                rows = [row for row in json.loads(stored.stdout)["all_results"] if row["status"] == "success"]
                numbers = {row["experiment_id"]: row["completed_at"] for row in rows}
                for before in known:
                    for number, when in before.items():
                        expect_equal(numbers.get(number), when, f"experiment {number} that was stored before the kill")
                known.append(numbers)
        summary = finished(box, path)
        numbers = {row["experiment_id"]: row["completed_at"] for row in summary["all_results"]}
        for before in known:
            for number, when in before.items():
                expect_equal(numbers.get(number), when, f"experiment {number} that was stored before the kill")
        box.expect_no_process()
        return summary


@test
def a_run_killed_at_any_moment_resumes_to_the_same_end(_box):
    whole, duration = unbroken()
    wanted = table(whole)
    chance = random.Random(20240229)
    moments = [(duration * (index + chance.random()) / KILLS, duration * chance.random() if index % 5 == 0 else None)
               for index in range(KILLS)]
    problems = []
    with concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        runs = [(moment, pool.submit(killed_and_resumed, *moment)) for moment in moments]
        for moment, run in runs:
            try:
                summary = run.result()
                numbers = [row["experiment_id"] for row in summary["all_results"]]
                expect_equal(numbers, sorted(set(numbers)), "the numbers")
                expect_equal(table(summary), wanted, "the table")
                expect_equal(summary["state"], whole["state"], "the state")
                expect_equal(summary["stop_reason"], whole["stop_reason"], "the stop reason")
                expect_equal(summary["seed"], whole["seed"], "the seed")
                expect(summary["best_result"] is not None, "there is no best")
            except Exception as problem:
                problems.append(f"killed after {moment}: {problem}")
    expect(not problems, f"{len(problems)} of {KILLS} runs did not recover:\n" + "\n".join(problems[:5]))


@test
def the_best_is_the_same_when_figures_are_far_apart(box):
    task = sim_task("far", {"ttft-ms": 2, "tpot-ms": [1, 20, 40]})
    path = box.write("far.json", task)
    run = box.start("tune", path, "--out", box.out)
    wait_for(lambda: "[trial 2" in run.stderr.readline(), "the second trial")
    run.kill()
    run.communicate()
    summary = finished(box, path)
    expect_equal(summary["best_result"]["parameters"]["tpot-ms"], 1, "the best tpot-ms")
    expect_equal([row["experiment_id"] for row in summary["all_results"]], [1, 2, 3], "the numbers")
    box.expect_no_process()


def slow_task(name):
    return sim_task(name, {"ttft-ms": 20, "tpot-ms": [5, 10, 15, 20]},
                    benchmark={"traffic_scenarios": ["D(16,16)"], "max_requests_per_iteration": 8})


@test
def ctrl_c_reports_what_is_known_and_can_be_resumed(box):
    path = box.write("stop.json", slow_task("stop"))
    stdout = Watched(box.start("tune", path, "--out", box.out, "--json")).interrupt_at("[trial 2")
    box.expect_no_process()
    summary = json.loads(stdout)
    expect_equal(summary["state"], "cancelled", "the state")
    first = summary["all_results"][0]
    expect_equal(first["status"], "success", "the first experiment")
    expect_equal(summary["best_result"]["experiment_id"], 1, "the best of what is known")
    expect((box.out / "stop_results.json").exists(), "no results were written")
    resumed = finished(box, path)
    expect_equal([row["status"] for row in resumed["all_results"]], ["success"] * 4, "the statuses after resuming")
    expect_equal([row["experiment_id"] for row in resumed["all_results"]], [1, 2, 3, 4], "the numbers after resuming")
    expect_equal(resumed["all_results"][0]["completed_at"], first["completed_at"], "the first experiment's time")
    expect_equal(resumed["state"], "completed", "the state after resuming")
    box.expect_no_process()


@test
def a_second_ctrl_c_stops_at_once(box):
    # An engine that hangs holds the first stop back for a moment; the second one must not wait.
    path = box.write("twice.json", slow_task("twice"))
    watched = Watched(box.start("tune", path, "--out", box.out))
    watched.until("[trial 2")
    watched.run.send_signal(signal.SIGINT)
    watched.run.send_signal(signal.SIGINT)
    started = time.monotonic()
    code, _ = watched.end(10)
    expect_equal(code, 130, "the exit code")
    expect(time.monotonic() - started < 5, "the run did not stop at once")
    box.expect_no_process()
    resumed = finished(box, path)
    expect_equal([row["status"] for row in resumed["all_results"]], ["success"] * 4, "the statuses after resuming")


@test
def a_terminal_that_goes_away_ends_the_run_cleanly(box):
    path = box.write("gone.json", slow_task("gone"))
    watched = Watched(box.start("tune", path, "--out", box.out))
    watched.until("[trial 1")
    watched.run.send_signal(signal.SIGHUP)
    code, _ = watched.end(30)
    expect_equal(code, 130, "the exit code")
    box.expect_no_process()


@test
def a_keeper_that_is_killed_leaves_no_engine_behind(box):
    """Kills everything of the run but the engine, at once."""
    path = box.write("orphan.json", slow_task("orphan"))
    watched = Watched(box.start("tune", path, "--out", box.out))
    watched.until("[trial 1")

    def children():
        return [pid for pid in box.processes() if pid != watched.run.pid]

    wait_for(lambda: len(children()) >= 2, "the engine and its keeper")
    watched.run.kill()
    watched.run.wait()
    box.expect_no_process()


@test
def a_finished_run_resumes_to_itself(box):
    task = sim_task("done", {"ttft-ms": 2, "tpot-ms": 1, "max-num-seqs": [1, 2]})
    expect_code(box.tune(task), 0)
    before = box.summary("done")
    after = finished(box, box.folder / "done.json")
    expect_equal([row["completed_at"] for row in after["all_results"]],
                 [row["completed_at"] for row in before["all_results"]], "the times of the experiments")


@test
def a_task_resumes_in_whatever_order_its_file_is_written(box):
    task = task_of("ordered")
    task["constraints"] = ["max-num-seqs <= 1000"]
    for first in task:
        turned = {"task_name": task["task_name"], first: task[first], **task, "task_name": f"ordered-{first}"}
        path = box.write("ordered.json", turned)
        expect_code(box.run("tune", path, "--out", box.out), 0)
        done = box.run("tune", path, "--out", box.out, "--resume")
        expect_code(done, 0)
        expect("Resuming" in done.stderr, f"with {first} first stderr is {done.stderr}")


@test
def another_task_under_the_same_name_is_not_resumed(box):
    expect_code(box.tune(sim_task("name", {"ttft-ms": 2, "tpot-ms": 1, "max-num-seqs": [1]})), 0)
    done = box.tune(sim_task("name", {"ttft-ms": 2, "tpot-ms": 1, "max-num-seqs": [2]}), "--resume")
    expect_code(done, 1)
    expect("another task document" in done.stderr, f"stderr is {done.stderr}")


if __name__ == "__main__":
    main()
