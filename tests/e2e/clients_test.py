#!/usr/bin/env python3
"""Parameters of the load generator are searched on an engine that stays up; nothing of it is left behind."""
import json

from harness import Watched, expect, expect_code, expect_equal, expect_in, main, sim_task, test


def client_task(name, parameters, **benchmark):
    task = sim_task(name, {"ttft-ms": 5, "tpot-ms": 2, **parameters}, optimization={"baseline": True},
                    benchmark={"max_requests_per_iteration": 8, **benchmark})
    if "client.concurrency" in parameters:
        del task["benchmark"]["num_concurrency"]
    return task


def levels(row):
    return [batch["num_concurrency"] for batch in row["metrics"]["raw_results"]]


@test
def an_engine_is_started_once_for_all_loads_of_the_same_flags(box):
    done = box.tune(client_task("once", {"client.concurrency": [1, 2, 4], "max-num-seqs": [2, 4]}), "--json")
    expect_code(done, 0)
    summary = json.loads(done.stdout)
    rows = [summary["baseline"], *summary["all_results"]]
    expect_equal([row["status"] for row in rows], ["success"] * 7, "the statuses")
    expect_equal([row["engine_of"] for row in rows], [None, None, 1, 1, None, 4, 4], "who started the engines")
    expect_equal([levels(row) for row in rows], [[1, 2, 4]] + [[1], [2], [4]] * 2, "the levels")
    expect_equal(len({row["endpoint"] + row["log_path"] for row in rows}), 3, "the engines")
    expect_equal(rows[2]["command"], rows[1]["command"], "the command of a reused engine")
    log = box.run("results", "once", "--log", "3")
    expect_code(log, 0)
    expect(log.stdout.strip(), "the log of a reused engine is empty")
    launch = box.run("export", "once", "--experiment", "6", "--format", "launch")
    expect_code(launch, 0)
    expect_in("# Its clients: 4 requests in flight", launch.stdout, "the launch command")
    box.expect_no_process()


@test
def the_plan_tells_apart_points_of_equal_commands(box):
    path = box.write("plan.json", client_task("plan", {"client.concurrency": [1, 2], "client.request.top_k": [1, 9]}))
    done = box.run("plan", path)
    expect_code(done, 0)
    expect_in("# 1 request in flight; top_k = 9 in each request", done.stdout, "the plan")
    first = json.loads(box.run("plan", path, "--json").stdout)["space"]["first"]
    expect_equal(len({point["command"] for point in first}), 1, "the number of commands")
    expect_equal(len({point["client"] for point in first}), 4, "the number of loads")


@test
def members_of_requests_reach_the_engine(box):
    """The simulated engine refuses a min_tokens that is above what a request may generate, 4 tokens."""
    done = box.tune(client_task("body", {"client.request.min_tokens": [4, 5]}), "--json")
    expect_code(done, 0)
    rows = json.loads(done.stdout)["all_results"]
    expect_equal([row["status"] for row in rows], ["success", "failed"], "the statuses")
    expect_in("min_tokens is 5; must be at most max_tokens, 4", rows[1]["error_message"], "the error")
    expect_equal(rows[1]["attempt"], 2, "the attempts: one on the engine that was running, one on its own")
    box.expect_no_process()


@test
def a_kill_while_an_engine_is_kept_leaves_nothing_and_resumes(box):
    task = client_task("killed", {"client.concurrency": [1, 2, 3, 4]}, max_requests_per_iteration=40)
    path = box.write("killed.json", task)
    watched = Watched(box.start("tune", path, "--out", box.out))
    watched.until("[trial 3")
    watched.run.kill()
    watched.end(10)
    box.expect_no_process()
    done = box.run("tune", path, "--out", box.out, "--resume", "--json")
    expect_code(done, 0)
    rows = json.loads(done.stdout)["all_results"]
    expect_equal([row["experiment_id"] for row in rows], [1, 2, 3, 4], "the numbers")
    expect_equal([levels(row) for row in rows], [[1], [2], [3], [4]], "the levels")
    expect_equal([row["engine_of"] for row in rows[1:3]], [0, None], "who started the engines before and after")
    box.expect_no_process()


@test
def ctrl_c_while_an_engine_is_kept_stops_it(box):
    task = client_task("stopped", {"client.concurrency": [1, 2, 3, 4]}, max_requests_per_iteration=40)
    path = box.write("stopped.json", task)
    Watched(box.start("tune", path, "--out", box.out, "--json")).interrupt_at("[trial 3")
    box.expect_no_process()


if __name__ == "__main__":
    main()
