#!/usr/bin/env python3
"""Engines that fail in every way known to us: each failure is named rightly, nothing hangs, no process is left."""
import contextlib
import http.server
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time

from harness import Failure, expect, expect_code, expect_equal, expect_in, main, sim_task, test, wait_for

FAST = {"ttft-ms": 2, "tpot-ms": 1}
# Longer than any of these runs should take, shorter than the time limit of one experiment would allow.
BOUND = 25


def only_result(box, name):
    rows = box.summary(name)["all_results"]
    expect_equal(len(rows), 1, f"the number of experiments of {name}")
    return rows[0]


def check_fault(box, fault, code, cls, words="", parameters=None, **sections):
    """One experiment with the fault must fail as told. Gives its record."""
    name = "fault-" + fault
    task = sim_task(name, {**FAST, "fail": [fault], **(parameters or {})}, **sections)
    started = time.monotonic()
    done = box.tune(task, limit=BOUND)
    took = time.monotonic() - started
    expect_code(done, 1)
    row = only_result(box, name)
    expect_equal(row["status"], "failed", f"the status under {fault}")
    expect_equal((row["error_code"], row["error_class"]), (code, cls), f"the error under {fault} ({row['error_message']})")
    expect_in(words, row["error_message"], f"the message under {fault}")
    expect(row["objective_score"] is None, f"{fault} has a score")
    expect(took < BOUND, f"{fault} took {took:.0f} s")
    box.expect_no_process()
    return row


@test
def an_engine_that_exits_at_its_start_is_not_ready(box):
    check_fault(box, "start", "not_ready", "exited", "exit code 1")


@test
def out_of_memory_at_the_start_is_told_apart(box):
    check_fault(box, "oom", "not_ready", "oom", "out of memory")


@test
def out_of_memory_under_load_is_told_apart(box):
    row = check_fault(box, "oom-load", "benchmark_failed", "oom", "out of memory")
    expect(row["benchmark_s"] > 0, "the load was not sent")


@test
def an_engine_that_hangs_is_not_ready_in_time(box):
    check_fault(box, "hang", "not_ready", "timeout", "not ready after", optimization={"ready_timeout": 1})


@test
def an_engine_that_refuses_connections_is_not_ready_in_time(box):
    check_fault(box, "refuse", "not_ready", "timeout", "not ready after", optimization={"ready_timeout": 1})


@test
def an_engine_that_dies_under_load_is_found_dead(box):
    row = check_fault(box, "die-after-1s", "benchmark_failed", "exited", "exit code 1", {"ttft-ms": 100, "tpot-ms": 100},
                      benchmark={"max_requests_per_iteration": 200, "traffic_scenarios": ["D(16,16)"]})
    expect(row["elapsed_time"] < 8, f"a dead engine was noticed after {row['elapsed_time']:.1f} s")


@test
def the_signal_that_ended_an_engine_is_named(box):
    for number, cls, words in ((4, "exited", "SIGILL"), (9, "oom", "SIGKILL"), (11, "exited", "SIGSEGV")):
        check_fault(box, "die-after-2s", "benchmark_failed", cls, words,
                    {"ttft-ms": 100, "tpot-ms": 100, "die-signal": number},
                    benchmark={"max_requests_per_iteration": 200, "traffic_scenarios": ["D(16,16)"]})


@test
def an_engine_that_fails_half_of_its_requests_is_not_called_healthy(box):
    task = sim_task("half", {**FAST, "fail": ["error-rate-0.5"]}, benchmark={"max_requests_per_iteration": 40})
    done = box.tune(task, limit=BOUND)
    expect_code(done, 0, 1)
    row = only_result(box, "half")
    if row["status"] == "success":
        rate = row["metrics"]["success_rate"]
        expect(0.2 < rate < 0.8, f"the success rate is {rate}")
    box.expect_no_process()


@test
def an_engine_that_turns_requests_away_is_not_measured(box):
    for fault in ("429", "503"):
        row = check_fault(box, fault, "benchmark_failed", "connection", fault)
        expect(row["metrics"] is None, f"{fault} was measured")


@test
def connections_that_break_are_not_measured(box):
    check_fault(box, "reset", "benchmark_failed", "connection")


@test
def answers_that_stop_coming_end_with_the_time_limit(box):
    row = check_fault(box, "stall", "benchmark_timeout", "timeout", optimization={"timeout_per_iteration": 3})
    expect(row["elapsed_time"] < 8, f"the time limit of 3 s became {row['elapsed_time']:.1f} s")


@test
def answers_that_make_no_sense_are_not_measured(box):
    row = check_fault(box, "garbage", "benchmark_failed", "other", "no request succeeded")
    expect(row["metrics"] is None, "garbage was measured")


@test
def a_failure_is_no_obstacle_for_the_other_configurations(box):
    task = sim_task("mixed", {**FAST, "fail": ["start", "none", "oom", "garbage"]})
    expect_code(box.tune(task, limit=40), 0)
    summary = box.summary("mixed")
    expect_equal([row["status"] for row in summary["all_results"]], ["failed", "success", "failed", "failed"], "the statuses")
    expect_equal(summary["best_result"]["experiment_id"], 2, "the best")
    expect_equal(summary["state"], "completed", "the state")
    box.expect_no_process()


# A llama-server of a few lines: what it does is chosen by FAKE, which only reaches it.
FAKE_SERVER = r'''#!/usr/bin/env python3
import http.server, json, mmap, os, sys, time
mode = os.environ.get("FAKE", "")
arguments = sys.argv[1:]
port = int(arguments[arguments.index("--port") + 1])
if mode == "exits":
    sys.exit(3)
if mode == "bad-flag":
    print("error: invalid argument: --threads", file=sys.stderr)
    sys.exit(1)
if mode == "never-ready":
    print("loading model tensors", flush=True)
    time.sleep(600)
if mode == "eats-memory":
    eaten = []
    try:
        while True:
            block = mmap.mmap(-1, 16 << 20)
            for offset in range(0, len(block), 4096):
                block[offset] = 1
            eaten.append(block)
    except OSError as error:
        print("failed to allocate:", os.strerror(error.errno), file=sys.stderr, flush=True)
        os._exit(1)

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self, body, status=200):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        if mode == "garbage":
            self.answer(bytes(range(128, 256)))
        elif self.path == "/health":
            self.answer({"status": "ok"})
        elif self.path == "/v1/models":
            self.answer({"object": "list", "data": [{"id": "fake", "object": "model"}]})
        elif self.path == "/props":
            self.answer({"default_generation_settings": {"n_ctx": 4096 if mode == "answers" else 64}, "total_slots": 1, "build_info": "b1-fake"})
        else:
            self.answer({"error": "no"}, 404)
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if mode == "answers" and self.path.endswith("/completions"):
            self.stream()
        else:
            self.answer(bytes(range(128, 256)), 404 if mode == "answers" else 200)
    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        tokens = [{"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}] * 8
        usage = {"choices": [], "usage": {"prompt_tokens": 16, "completion_tokens": 8, "total_tokens": 24}}
        for data in [json.dumps(part) for part in [*tokens, usage]] + ["[DONE]"]:
            time.sleep(0.02)
            event = f"data: {data}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
    def log_message(self, *ignored):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
'''


def fake_task(box, name, **sections):
    model = box.write("model.gguf", "GGUF")
    task = sim_task(name, {}, **sections)
    task.update(base_runtime="llamacpp", model={"id_or_path": model}, parameters={"threads": [1]})
    return task


def run_fake(box, mode, cls, *words, codes=("not_ready",), task=None, environment=None):
    box.script("bin/llama-server", FAKE_SERVER)
    task = task or fake_task(box, f"fake-{mode}")
    done = box.tune(task, limit=BOUND, environment={"PATH": f"{box.folder}/bin:{box.environment['PATH']}", "FAKE": mode,
                                                    **(environment or {})})
    expect_code(done, 1)
    row = only_result(box, task["task_name"])
    expect_equal(row["error_class"], cls, f"the class of '{row['error_message']}'")
    expect(row["error_code"] in codes, f"the code is {row['error_code']}, expected one of {codes}")
    for word in words:
        expect_in(word, row["error_message"], "the message")
    box.expect_no_process()
    return row


@test
def a_server_that_exits_at_once_is_reported_with_its_code(box):
    run_fake(box, "exits", "exited", "exit code 3")


@test
def a_flag_that_the_engine_refuses_is_named(box):
    run_fake(box, "bad-flag", "bad_flag", "--threads")


@test
def a_server_that_is_never_ready_is_reported_with_its_last_line(box):
    task = fake_task(box, "fake-never", optimization={"ready_timeout": 4})
    run_fake(box, "never-ready", "timeout", "not ready after", "loading model tensors", task=task)


@test
def a_server_that_answers_garbage_is_not_measured(box):
    task = fake_task(box, "fake-garbage", optimization={"ready_timeout": 3, "timeout_per_iteration": 10})
    row = run_fake(box, "garbage", "connection", codes=("not_ready", "benchmark_failed"), task=task)
    expect(row["metrics"] is None, "garbage was measured")


@test
def neighbours_that_take_the_cores_while_it_measures_make_a_figure_invalid(box):
    box.script("bin/llama-server", FAKE_SERVER)
    task = fake_task(box, "fake-neighbours", benchmark={"traffic_scenarios": ["D(16,8)"], "max_requests_per_iteration": 20})
    neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * os.cpu_count())]
    try:
        done = box.tune(task, limit=BOUND, environment={"PATH": f"{box.folder}/bin:{box.environment['PATH']}", "FAKE": "answers"})
    finally:
        for neighbour in neighbours:
            neighbour.kill()
            neighbour.wait()
    expect_code(done, 0)
    audit = only_result(box, "fake-neighbours")["metrics"]["raw_results"][0]["audit"]
    expect_equal(audit["trust"], "invalid", "the trust in what was measured")
    expect_in("other processes used", json.dumps(audit["findings"]), "the findings")
    expect_in("other processes used", done.stderr + done.stdout, "the answer")


@test
def a_server_that_eats_memory_ends_at_its_limit(box):
    run_fake(box, "eats-memory", "oom", "out of memory", "limited to 0.5 GiB", environment={"ENGINE_MEMORY_GIB": "0.5"})


@test
def a_context_too_small_for_the_workload_is_infeasible_with_the_reason(box):
    task = fake_task(box, "fake-context", benchmark={"traffic_scenarios": ["D(512,128)"]})
    row = run_fake(box, "small-context", "other", "64", codes=("invalid_point",), task=task)
    expect(row["benchmark_s"] == 0, "load was sent to an engine that can't take it")


@test
def a_failed_start_is_recorded_like_a_success(box):
    row = run_fake(box, "bad-flag", "bad_flag", "--threads")
    expect(row["command"][0].endswith("/bin/llama-server") and "--threads" in row["command"], f"the command is {row['command']}")
    expect_in("error: invalid argument: --threads", row["container_logs"], "the last lines")
    expect(row["memory_limit_gib"] > 0, f"the memory limit is {row['memory_limit_gib']}")
    expect(row["endpoint"].startswith("http://127.0.0.1:"), f"the endpoint is {row['endpoint']}")
    shown = box.run("results", "fake-bad-flag").stdout
    expect_in("#1 was started as:", shown, "the results")
    expect_in("error: invalid argument: --threads", shown, "the results")
    expect_in("invalid argument", (box.out / "fake-bad-flag_report.html").read_text(), "the report")
    log = box.run("results", "fake-bad-flag", "--log", "1")
    expect_equal(log.stdout, "error: invalid argument: --threads\n", "the whole log")
    expect_code(box.run("results", "fake-bad-flag", "--log", "7"), 2)


@test
def logs_are_compressed_after_the_task_and_stay_readable(box):
    task = sim_task("logged", {**FAST, "max-num-seqs": [1, 2]})
    for run in (1, 2):  # a new run of the task leaves the logs of the last one as they are
        expect_code(box.tune(task), 0)
        names = sorted(path.name for path in (box.data / "logs").iterdir() if ".engine.log" in path.name)
        expect(len(names) == 2 * run and all(name.endswith(".gz") for name in names), f"the logs are {names}")
        log = box.run("results", "logged", "--log", "2")
        expect_code(log, 0)
        expect_equal(log.stdout.count("simulated engine"), 1, f"the starts in the log\n{log.stdout}\n")


@test
def the_task_has_a_log_with_a_trial_in_one_piece_after_the_other(box):
    expect_code(box.tune(sim_task("written", {**FAST, "max-num-seqs": [1, 2]})), 0)
    (path,) = [path for path in (box.data / "logs").iterdir() if "_exp_" not in path.name]
    markers = [line.split("] ", 2)[2] for line in path.read_text().splitlines() if "Status: " in line]
    expect_equal(markers, [f"[Experiment {n}] Status: {status}" for n in (1, 2) for status in ("DEPLOYING", "SUCCESS")], "the markers")
    for n in (1, 2):
        alone = path.with_name(f"{path.stem}_exp_{n}.log").read_text()
        expect_in(alone, path.read_text(), f"the task's log\n{path.read_text()}")


@test
def a_secret_parameter_is_shown_nowhere(box):
    secret = "s3cretvalue"
    for name, fault in (("kept", {}), ("broken", {"no-such-flag": [1]})):
        done = box.tune(sim_task(name, {**FAST, **fault, "api-key": [secret], "max-num-seqs": [1, 2]}))
        places = {"stdout": done.stdout, "stderr": done.stderr}
        for folder in (box.out, box.data / "logs"):
            for path in folder.rglob("*"):
                if path.is_file() and not path.name.endswith(".gz"):
                    places[str(path)] = path.read_text()
        for form in ("json", "csv", "yaml", "html", "launch"):
            places[form] = box.run("export", name, "--format", form).stdout
        for place, text in places.items():
            expect(secret not in text, f"{place} shows the secret")


class Hub(http.server.BaseHTTPRequestHandler):
    """The hub of one model, org/tiny-GGUF."""
    revision = "0123456789" * 4

    def do_GET(self):
        files = {"tiny-Q4_K_M.gguf": b"GGUF" * 1000, "README.md": b"about"}
        answers = {f"/org/tiny-GGUF/resolve/{self.revision}/{name}": content for name, content in files.items()}
        listing = {"sha": self.revision, "siblings": [{"rfilename": name, "size": len(content)} for name, content in files.items()]}
        answers["/api/models/org/tiny-GGUF/revision/main?blobs=true"] = json.dumps(listing).encode()
        body = answers.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *ignored):
        pass


@test
def a_model_of_a_hub_is_fetched_before_the_first_trial(box):
    box.script("bin/llama-server", FAKE_SERVER)
    task = fake_task(box, "hub")
    task["model"]["id_or_path"] = "org/tiny-GGUF"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    environment = {"PATH": f"{box.folder}/bin:{box.environment['PATH']}", "FAKE": "exits", "HF_HOME": f"{box.folder}/hf",
                   "HF_ENDPOINT": address}
    try:
        done = box.tune(task, environment=environment)
    finally:
        server.shutdown()
        server.server_close()
    expect_code(done, 1)
    expect_in("fetching org/tiny-GGUF: ", done.stderr, "stderr")
    model = f"{box.folder}/hf/hub/models--org--tiny-GGUF/snapshots/{Hub.revision}/tiny-Q4_K_M.gguf"
    expect_in(model, only_result(box, "hub")["command"], "the command")
    expect_equal(os.path.getsize(model), 4000, "the size of the model")
    # The hub is gone: what is in the cache needs none, and what is not ends the task with the reason.
    again = box.tune(task, environment=environment)
    expect(only_result(box, "hub")["command"], f"the second run started nothing: {again.stderr}")
    task.update(task_name="no-hub", model={"id_or_path": "org/other-GGUF"})
    failed = box.tune(task, environment=environment)
    expect_code(failed, 1)
    expect_in(f"error: model 'org/other-GGUF' is not in the Hugging Face cache {box.folder}/hf and can't be fetched from "
              f"{address}", failed.stderr, "stderr")
    expect_equal(stored_summary(box, "no-hub")["state"], "failed", "the state")


@test
def a_model_given_by_name_is_found_in_the_folder_of_the_command_line(box):
    box.script("bin/llama-server", FAKE_SERVER)
    task = fake_task(box, "by-name")
    task["model"]["id_or_path"] = "mine.gguf"
    box.write("models/mine.gguf", "GGUF")
    environment = {"PATH": f"{box.folder}/bin:{box.environment['PATH']}", "FAKE": "exits"}
    expect_code(box.tune(task, environment=environment), 2)
    box.tune(task, "--model-path", box.folder / "models", environment=environment)
    expect_in(f"{box.folder}/models/mine.gguf", only_result(box, "by-name")["command"], "the command")


class Stranger(http.server.BaseHTTPRequestHandler):
    """Looks like a healthy engine, and is nobody's."""
    asked = []

    def do_GET(self):
        Stranger.asked.append(self.path)
        body = b'{"object": "list", "data": [{"id": "stranger"}]}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *ignored):
        pass


@test
def a_strangers_server_on_the_first_port_is_skipped(box):
    Stranger.asked.clear()
    server = None
    with contextlib.suppress(OSError):  # taken by another program, which is as good
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 30000), Stranger)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        expect_code(box.tune(sim_task("port", {**FAST, "max-num-seqs": [1, 2]})), 0)
    finally:
        if server:
            server.shutdown()
            server.server_close()
    for row in box.summary("port")["all_results"]:
        expect(row["endpoint"] and not row["endpoint"].endswith(":30000"), f"the endpoint is {row['endpoint']}")
    expect_equal(Stranger.asked, [], "what the stranger was asked")


def stored_summary(box, name):
    return json.loads(box.run("results", name, "--json").stdout)


@test
def an_engine_that_is_not_installed_ends_the_task_before_its_first_trial(box):
    (box.folder / "empty").mkdir()
    done = box.tune(fake_task(box, "missing"), environment={"PATH": str(box.folder / "empty")})
    expect_code(done, 1)
    expect_in("error: llama.cpp (llama-server) is not installed here", done.stderr, "stderr")
    expect_in(f"PATH is {box.folder}/empty", done.stderr, "stderr")
    expect_equal((done.stdout, done.stderr.count("\n")), ("", 1), "stdout and the number of lines on stderr")
    expect_equal(list(box.out.iterdir()), [], "the result files")
    stored = stored_summary(box, "missing")
    expect_equal((stored["state"], stored["total_experiments"], stored["baseline"]), ("failed", 0, None), "what is stored")
    expect_in("is not installed here", stored["error_message"], "the stored message")
    box.expect_no_process()


@test
def a_program_that_cannot_run_here_ends_the_task_before_its_first_trial(box):
    box.script("bin/llama-server", "#!/bin/sh\nkill -ILL $$\n")
    done = box.tune(fake_task(box, "illegal"), environment={"PATH": f"{box.folder}/bin:{box.environment['PATH']}"})
    expect_code(done, 1)
    expect_in("SIGILL", done.stderr, "stderr")
    expect_equal(stored_summary(box, "illegal")["state"], "failed", "the state")


@test
def a_model_that_is_not_there_ends_the_task_before_its_first_trial(box):
    box.script("bin/llama-server", FAKE_SERVER)
    task = fake_task(box, "no-model")
    task["model"]["id_or_path"] = str(box.folder / "no.gguf")
    done = box.tune(task, environment={"PATH": f"{box.folder}/bin:{box.environment['PATH']}"})
    expect_code(done, 2)
    expect_in(f"error: model path {box.folder}/no.gguf does not exist", done.stderr, "stderr")
    expect_equal(stored_summary(box, "no-model")["state"], "failed", "the state")
    box.expect_no_process()


@test
def a_results_folder_that_cannot_be_written_is_an_error_before_anything_starts(box):
    blocked = box.folder / "blocked"
    blocked.write_text("a file where a folder should be")
    path = box.write("t.json", sim_task("never", {**FAST, "max-num-seqs": [2]}))
    done = box.run("tune", path, "--out", blocked)
    expect_code(done, 2)
    expect_in(f"error: results can't be written to '{blocked}'", done.stderr, "stderr")
    expect_in("--no-files", done.stderr, "stderr")
    expect("trial" not in done.stderr, f"a trial was begun:\n{done.stderr}")

    def limit_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    full = box.run("tune", path, "--out", box.out, preexec_fn=limit_files)
    expect_code(full, 2)
    expect_in("File too large", full.stderr, "stderr")
    expect(not box.data.exists(), "something was stored")


@test
def results_that_can_no_longer_be_written_are_a_warning_and_stay_stored(box):
    task = sim_task("kept", {"ttft-ms": 20, "tpot-ms": 10, "max-num-seqs": [2]},
                    benchmark={"traffic_scenarios": ["D(16,16)"], "max_requests_per_iteration": 20})
    run = box.start("tune", box.write("t.json", task), "--out", box.out, "-v")
    wait_for(lambda: "[trial 1" in run.stderr.readline(), "the first trial")
    os.rename(box.out, box.folder / "moved")
    box.out.write_text("a file where a folder should be")
    words = run.stderr.read()
    run.stdout.read()
    expect(run.wait(timeout=40) in (0, 1), f"the exit code is {run.returncode}")
    expect_in(str(box.out), words, "stderr")
    expect_equal(stored_summary(box, "kept")["total_experiments"], 1, "the stored experiments")
    box.expect_no_process()


@test
def a_data_folder_that_cannot_be_written_is_an_error(box):
    box.data.write_text("a file where a folder should be")
    done = box.run("tune", box.write("t.json", sim_task("nowhere", FAST)), "--out", box.out)
    expect_code(done, 1)
    expect_in(str(box.data), done.stderr, "stderr")


def figures(summary):
    rows = summary["all_results"]
    return [(row["experiment_id"], row["parameters"], row["status"]) for row in rows]


@test
def a_full_disk_stops_the_run_and_loses_nothing(box):
    task = sim_task("full", {**FAST, "max-num-seqs": [1, 2, 3, 4, 5, 6]})
    path = box.write("full.json", task)

    def limit_files():
        # Like a full disk for the data base: writes beyond this size fail. The signal would kill us first.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = box.run("tune", path, "--no-files", preexec_fn=limit_files, limit=BOUND)
    expect_code(done, 1)
    expect_in("could not be stored", done.stderr, "stderr")
    box.expect_no_process()
    stored = json.loads(box.run("results", "full", "--json").stdout)
    before = [row for row in figures(stored) if row[2] == "success"]
    expect(0 < len(before) < 6, f"{len(before)} experiments were stored before the disk was full")
    expect_code(box.run("tune", path, "--resume", "--out", box.out), 0)
    after = figures(box.summary("full"))
    expect_equal([row[0] for row in after], [1, 2, 3, 4, 5, 6], "the experiments after resuming")
    expect(all(row[2] == "success" for row in after), f"the statuses after resuming are {after}")
    expect_equal(after[:len(before)], before, "what was stored before")
    box.expect_no_process()


@test
def a_second_run_of_the_same_task_is_refused(box):
    task = sim_task("twice", {"ttft-ms": 50, "tpot-ms": 20, "max-num-seqs": [1, 2]},
                    benchmark={"traffic_scenarios": ["D(16,16)"], "max_requests_per_iteration": 40})
    path = box.write("twice.json", task)
    first = box.start("tune", path, "--no-files")
    try:
        wait_for(lambda: "[trial 1" in first.stderr.readline(), "the first trial")
        second = box.run("tune", path, "--no-files")
        expect_code(second, 1)
        expect_in(f"process {first.pid}", second.stderr, "stderr")
        expect_in("'twice'", second.stderr, "stderr")
        expect(first.poll() is None, "the first run ended")
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=30)
    expect_equal(first.returncode, 130, "the exit code of the first run")
    box.expect_no_process()


@test
def an_engine_killed_from_outside_is_a_failure_of_its_experiment_only(box):
    task = sim_task("shot", {"ttft-ms": 20, "tpot-ms": 10, "max-num-seqs": [1, 2]},
                    benchmark={"traffic_scenarios": ["D(16,16)"], "max_requests_per_iteration": 30})
    run = box.start("tune", box.write("shot.json", task), "--out", box.out)
    threading.Thread(target=run.stderr.read, daemon=True).start()

    def engine():
        for pid in box.processes():
            with contextlib.suppress(OSError):
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
                if len(words) > 1 and words[1] == b"sim":
                    return pid
        return None

    os.kill(wait_for(engine, "the engine"), signal.SIGKILL)
    run.stdout.read()
    expect_equal(run.wait(timeout=40), 0, "the exit code")
    first, second = box.summary("shot")["all_results"]
    expect_equal((first["status"], first["error_class"]), ("failed", "oom"), f"the first ({first['error_message']})")
    expect_equal(second["status"], "success", "the second")
    box.expect_no_process()


if __name__ == "__main__":
    main()
