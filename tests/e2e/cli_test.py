#!/usr/bin/env python3
"""What people and scripts may rely on at the command line: help, exit codes, streams, messages, exports."""
import csv
import io
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess

from harness import ROOT, expect, expect_code, expect_equal, expect_in, main, sim_task, test, wait_for

COMMANDS = ("tune", "plan", "validate", "schema", "init", "bench", "sim", "results", "export", "presets", "params")
FAST = {"ttft-ms": 2, "tpot-ms": 1}


def quick_task(name="quick", **sections):
    return sim_task(name, {**FAST, "max-num-seqs": [1, 4]}, **sections)


def tuned(box, **sections):
    """A finished small task, with the engine's defaults as experiment 0."""
    task = quick_task(optimization={"baseline": True}, **sections)
    expect_code(box.tune(task), 0)
    return task


@test
def every_command_explains_itself_with_examples(box):
    for command in COMMANDS:
        done = box.run(command, "--help")
        expect_code(done, 0)
        expect_in("Examples:\n  autotuner", done.stdout, f"the help of {command}")
        expect_in("--", done.stdout, f"the help of {command}")
        expect_equal(done.stderr, "", f"stderr of {command} --help")
    whole = box.run("--help")
    expect_code(whole, 0)
    for command in COMMANDS:
        expect(re.search(rf"^  {command} +\S", whole.stdout, re.M), f"--help does not list {command}")


@test
def the_version_is_one_line(box):
    for arguments in (["--version"], ["version"]):
        done = box.run(*arguments)
        expect_code(done, 0)
        expect(re.fullmatch(r"autotuner \d+\.\d+\.\d+\S*\n", done.stdout), f"the version is {done.stdout!r}")


@test
def bad_usage_ends_with_2_and_says_why(box):
    cases = [
        ([], "subcommand"),
        (["tnue"], "did you mean 'tune'?"),
        (["plna", "x.yaml"], "did you mean 'plan'?"),
        (["tune", "--nonsense"], "--nonsense"),
        (["plan"], "FILE"),
        (["tune"], "task file"),
        (["tune", "missing.yaml"], "missing.yaml"),
        (["plan", "missing.yaml"], "missing.yaml"),
        (["validate", "missing.yaml"], "missing.yaml"),
        (["tune", box.folder], "is a folder"),
        (["plan", box.folder], "is a folder"),
        (["validate", box.folder], "is a folder"),
        (["tune", "--engine", "vlm", "--model", "m"], "vllm"),
        (["tune", "--engine", "sim"], "--model"),
        (["init", "--engine", "sim", "--model", "m", "--objective", "fast"], "maximize_throughput"),
        (["params", "nonsense"], "known are"),
        (["presets", "vLLM Performance Tunning"], "did you mean 'vLLM Performance Tuning'?"),
        (["bench"], "--url"),
        (["bench", "--url", "http://127.0.0.1:1", "--concurrency", "0"], "at least 1"),
        (["bench", "--url", "http://127.0.0.1:1", "--scenario", "Q(1)"], "Q(1)"),
        (["sim", "--tensor-paralel-size", "2"], "did you mean --tensor-parallel-size?"),
        (["sim", "--fail", "sometimes"], "sometimes"),
        (["export", "--format", "pdf", "nothing"], "nothing"),
    ]
    for arguments, words in cases:
        done = box.run(*arguments)
        expect_code(done, 2)
        expect_in(words, done.stderr, f"stderr of autotuner {' '.join(map(str, arguments))}")
        expect_equal(done.stdout, "", f"stdout of autotuner {' '.join(map(str, arguments))}")


@test
def mistakes_in_a_task_are_listed_with_their_lines(box):
    path = box.write("bad.yaml", "task_name: bad\nmodel: {id_or_path: demo-1b}\nbase_runtime: sim\nparameters:\n"
                                 "  max-num-seqs: []\noptimization:\n  strategy: gird_search\n"
                                 "benchmark:\n  num_concurency: [1]\n  traffic_scenarios: [\"D(0,0)\"]\n")
    for command in ("validate", "plan", "tune"):
        done = box.run(command, path)
        expect_code(done, 2)
        talk = done.stdout + done.stderr
        for words in ("grid_search", "num_concurrency", "bad.yaml:7"):
            expect_in(words, talk, f"what {command} says")
    document = json.loads(box.run("validate", "--json", path).stdout)
    expect_equal(document["valid"], False, "valid")
    expect(any(problem["line"] == 7 for problem in document["problems"]), f"no problem names line 7: {document}")


@test
def with_json_an_error_is_an_object_on_stdout(box):
    bad = box.write("bad.json", {**quick_task(), "optimization": {"strategy": "gird_search"}})
    url = ["--url", "http://127.0.0.1:1"]
    cases = [
        (["tune", bad], 2, "invalid_input", "bad.json: 1 problem"),
        (["plan", bad], 2, "invalid_input", "bad.json: 1 problem"),
        (["tune", "missing.yaml"], 2, "not_found", "missing.yaml"),
        (["plan", "missing.yaml"], 2, "not_found", "missing.yaml"),
        (["validate", "missing.yaml"], 2, "not_found", "missing.yaml"),
        (["tune"], 2, "invalid_input", "what should be tuned?"),
        (["tune", "--engine", "sim"], 2, "invalid_input", "--model"),
        (["tune", box.write("quick.json", quick_task()), "--mode", "cloud"], 2, "invalid_input", "'cloud'"),
        (["tune", box.write("quick.json", quick_task()), "--out", "/proc/nothing"], 2, "invalid_input", "/proc/nothing"),
        (["plan"], 2, "invalid_input", "FILE"),
        (["bench", *url, "--concurrency", "0"], 2, "invalid_input", "at least 1"),
        (["bench", *url, "--api-key-file", "missing"], 2, "not_found", "missing"),
    ]
    for arguments, code, kind, words in cases:
        done = box.run(*arguments, "--json")
        expect_code(done, code)
        error = json.loads(done.stdout)["error"]
        expect_equal(error["kind"], kind, f"the kind of {arguments}")
        expect_in(words, error["message"], f"the message of {arguments}")
        expect(done.stderr, f"{arguments} says nothing on stderr")
        expect_equal(len(error["problems"]), 1 if bad in arguments else 0, f"the number of problems of {arguments}")
    problem = json.loads(box.run("plan", bad, "--json").stdout)["error"]["problems"][0]
    expect_equal(problem["path"], "optimization.strategy", "the path of the problem")
    expect_in("grid_search", problem["message"], "the message of the problem")


@test
def a_file_that_is_no_task_is_refused(box):
    for name, content in (("empty.json", ""), ("list.json", "[1]"), ("cut.json", '{"task_name": "x", '), ("bytes.yaml", "\x01\x02"),
                          ("deep.json", "[" * 100000)):
        for command in ("validate", "tune"):
            done = box.run(command, box.write(name, content))
            expect_code(done, 2)
            expect_in(name, done.stdout + done.stderr, f"what {command} says of {name}")


@test
def the_answer_is_data_on_stdout_and_talk_is_on_stderr(box):
    done = box.tune(quick_task(), "--json")
    expect_code(done, 0)
    answer = json.loads(done.stdout)
    expect_equal(answer["state"], "completed", "the state")
    expect_equal(answer["task_name"], "quick", "the name")
    expect_equal(answer["simulated"], True, "simulated")
    expect_in("#1", done.stderr, "the progress")
    expect_equal(json.loads((box.out / "quick_results.json").read_text()), answer, "the results file")
    expect("\x1b" not in done.stdout + done.stderr, "a pipe got terminal sequences")


@test
def a_terminal_gets_colour_unless_it_is_refused(box):
    def on_terminal(environment):
        master, slave = pty.openpty()
        path = box.write("quick.json", quick_task())
        process = box.start("tune", path, "--no-files", stdout=slave, stderr=slave, environment=environment)
        os.close(slave)
        text = b""
        try:
            while chunk := os.read(master, 65536):
                text += chunk
        except OSError:  # the other side of the terminal is closed
            pass
        os.close(master)
        expect_equal(process.wait(timeout=30), 0, "the exit code")
        return text.decode(errors="replace")

    colour = re.compile(r"\x1b\[\d+m")
    expect(colour.search(on_terminal({"TERM": "xterm"})), "a terminal gets no colour")
    expect(not colour.search(on_terminal({"TERM": "xterm", "NO_COLOR": "1"})), "NO_COLOR is not respected")


@test
def hard_limits_that_nothing_keeps_end_with_3(box):
    slo = {"ttft": {"threshold": 0.000001, "hard_fail": True, "fail_ratio": 0.1}}
    done = box.tune(quick_task(slo=slo))
    expect_code(done, 3)
    expect_in("limit", done.stdout, "the verdict")
    soft = {"ttft": {"threshold": 0.000001}}
    expect_code(box.tune(quick_task("soft", slo=soft)), 0)
    expect_code(box.tune(quick_task("soft", slo=soft), "--fail-on-slo"), 3)


@test
def a_task_without_a_success_ends_with_1_and_its_first_cause(box):
    done = box.tune(sim_task("broken", {"fail": ["start"]}))
    expect_code(done, 1)
    expect_in("exit code 1", done.stdout, "the verdict")


@test
def an_engine_that_is_not_installed_comes_with_its_remedy(box):
    empty = box.folder / "empty"
    empty.mkdir()
    for engine, remedy in (("vllm", "pip install vllm"), ("sglang", "pip install sglang"), ("llamacpp", "llama-server")):
        done = box.run("tune", "--engine", engine, "--model", "org/model", "--no-files", "--max-iterations", 1,
                       environment={"PATH": str(empty)})
        expect_code(done, 1)
        expect_in("not installed", done.stderr, f"the error for {engine}")
        expect_in(remedy, done.stderr, f"the error for {engine}")


@test
def a_missing_model_file_is_named(box):
    box.script("bin/llama-server", "#!/bin/sh\nexit 0\n")
    model = str(box.folder / "no" / "model.gguf")
    done = box.run("tune", "--engine", "llamacpp", "--model", model, "--no-files", "--max-iterations", 1,
                   environment={"PATH": f"{box.folder}/bin:/usr/bin:/bin"})
    expect_code(done, 2)
    expect_in(model, done.stderr, "the error")


@test
def nothing_stored_is_said_so(box):
    listed = box.run("results", "--list")
    expect_code(listed, 0)
    expect_equal(listed.stdout, "", "the list")
    expect_in("Nothing is stored yet", listed.stderr, "stderr")
    for arguments in (["results"], ["results", "nobody"], ["export"], ["export", "nobody"]):
        done = box.run(*arguments)
        expect_code(done, 2)
        expect_equal(done.stdout, "", "stdout")
        expect(done.stderr.startswith("error: "), f"stderr is {done.stderr!r}")


@test
def results_show_what_was_measured(box):
    task = tuned(box)
    shown = box.run("results")
    expect_code(shown, 0)
    expect_in("Simulated", shown.stdout, "the results")
    expect_equal(box.run("results", task["task_name"]).stdout, shown.stdout, "results by name")
    document = json.loads(box.run("results", "--json").stdout)
    numbers = [row["experiment_id"] for row in document["all_results"]]
    expect_equal(numbers, [1, 2], "the experiments")
    expect(document["baseline"]["experiment_id"] == 0, "the baseline is not experiment 0")
    expect_in("quick", box.run("results", "--list").stdout, "the list")


@test
def tables_are_exported_as_csv(box):
    tuned(box)
    for rows, count in (("points", 3), ("experiments", 3)):
        done = box.run("export", "--format", "csv", "--rows", rows)
        expect_code(done, 0)
        table = list(csv.reader(io.StringIO(done.stdout)))
        header = table[0]
        expect_equal(len(set(header)), len(header), f"distinct columns of {rows}")
        expect_equal(len(table) - 1, count, f"the number of {rows}")
        expect(all(len(row) == len(header) for row in table), f"{rows} have rows of different lengths")
        for row in csv.DictReader(io.StringIO(done.stdout)):
            expect(float(row["mean_ttft [s]"]) > 0, f"mean_ttft is {row['mean_ttft [s]']}")
            expect_equal(row["simulated"], "true", "simulated")


@test
def an_exported_task_can_be_run_again(box):
    tuned(box)
    for config in ("task", "best"):
        path = box.folder / f"{config}.yaml"
        done = box.run("export", "--format", "yaml", "--config", config, "--file", path)
        expect_code(done, 0)
        expect_equal(done.stdout, f"{path}\n", "stdout")
        expect_code(box.run("validate", "--strict", path), 0)
    plan = json.loads(box.run("plan", "--json", box.folder / "best.yaml").stdout)
    expect_equal(plan["space"]["points"], 1, "points of the best configuration")
    document = json.loads(box.run("export", "--format", "json").stdout)
    expect_equal(len(document["experiments"]), 3, "exported experiments")
    expect_equal(document["simulated"], True, "simulated")
    expect(len(document["points"]) == 3, "exported points")


@test
def a_report_is_one_file_that_loads_nothing(box):
    tuned(box)
    page = box.run("export", "--format", "html")
    expect_code(page, 0)
    expect_in("<!doctype html>", page.stdout.lower()[:100], "the page")
    expect_in("Simulated", page.stdout, "the page")
    loaded = re.findall(r"(?:src|href)=[\"'](?!#)(?!data:)[^\"']*", page.stdout)
    expect_equal(loaded, [], "what the page loads")


@test
def the_best_configuration_is_exported_as_something_to_launch(box):
    tuned(box)

    def launch(kind, *arguments):
        done = box.run("export", "--format", "launch", "--launch", kind, *arguments)
        expect_code(done, 0)
        return done.stdout

    words = shlex.split(launch("shell", "--experiment", 2).replace("\\\n", " "), comments=True)
    expect(words[1] == "sim" and words[words.index("--max-num-seqs") + 1] == "4", f"the command is {words}")
    bench = shlex.split(launch("benchmark"))
    expect_equal(bench[:2], ["autotuner", "bench"], "the benchmark command")
    for kind in ("docker", "compose"):
        expect_in("Simulated", launch(kind), f"the export {kind}")
    unit = box.folder / "engine.service"
    expect_code(box.run("export", "--format", "launch", "--launch", "systemd", "--file", unit), 0)
    if shutil.which("systemd-analyze"):
        verified = subprocess.run(["systemd-analyze", "verify", "--man=no", str(unit)], stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=60)
        complaints = [line for line in verified.stdout.splitlines() if "engine.service" in line]
        expect_equal(complaints, [], "complaints of systemd-analyze")
    missing = box.run("export", "--format", "launch", "--experiment", 99)
    expect_code(missing, 2)
    expect_in("99", missing.stderr, "stderr")


@test
def an_export_that_cannot_be_written_fails(box):
    tuned(box)
    done = box.run("export", "--file", "/proc/nothing/here.json")
    expect_code(done, 1)
    expect_in("/proc/nothing/here.json", done.stderr, "stderr")


@test
def a_new_task_file_is_valid_and_kept(box):
    path = box.folder / "task.yaml"
    for engine in ("llamacpp", "vllm", "sglang", "sim"):
        done = box.run("init", "--engine", engine, "--model", "org/demo-1b", "--ttft", "p90:1s", "--file", path, "--force")
        expect_code(done, 0)
        expect_equal(done.stdout, f"{path}\n", "stdout")
        expect_code(box.run("validate", "--strict", path), 0)
        expect_code(box.run("plan", path), 0)
    kept = path.read_text()
    refused = box.run("init", "--engine", "sim", "--model", "m", "--file", path)
    expect_code(refused, 2)
    expect_in("--force", refused.stderr, "stderr")
    expect_equal(path.read_text(), kept, "the file")
    printed = box.run("init", "--engine", "sim", "--model", "m", "--file", "-")
    expect_in("base_runtime: sim", printed.stdout, "stdout")


@test
def the_schema_and_the_catalogues_are_json(box):
    schema = json.loads(box.run("schema").stdout)
    expect_in("json-schema.org", schema["$schema"], "the schema")
    for engine in ("vllm", "sglang", "llamacpp", "tensorrt-llm", "sim"):
        flags = json.loads(box.run("params", engine, "--json").stdout)
        expect(len(flags) > 15, f"{engine} has {len(flags)} flags")
        tuned_flags = json.loads(box.run("params", engine, "--tuned", "--json").stdout)
        expect(0 < len(tuned_flags) < len(flags), f"{engine} has {len(tuned_flags)} tuned flags")
    presets = json.loads(box.run("presets", "--json").stdout)
    expect("vLLM Performance Tuning" in [preset["name"] for preset in presets], "the vLLM preset is missing")


@test
def the_large_preset_is_planned_point_by_point(box):
    preset = json.loads(box.run("presets", "vLLM Performance Tuning").stdout)
    task = sim_task("preset", {})
    task.update(base_runtime=preset["runtime"], parameters=preset["parameters"], model={"id_or_path": "org/model"})
    done = box.run("plan", "--json", box.write("preset.json", task))
    expect_code(done, 0)
    space = json.loads(done.stdout)["space"]
    expect_equal(space["points"], 648, "points of the grid")
    excluded = sum(row["count"] for row in space["excluded"])
    expect_equal(space["valid"] + excluded, 648, "valid and excluded points")
    expect(space["distinct"] <= space["valid"], f"{space['distinct']} distinct points of {space['valid']}")
    expect(all(row["reason"] for row in space["excluded"]), "an exclusion has no reason")
    text = box.run("plan", box.folder / "preset.json")
    expect_in("648", text.stdout, "the plan")


@test
def a_plan_starts_nothing_and_stores_nothing(box):
    expect_code(box.run("plan", box.write("quick.json", quick_task())), 0)
    expect(not list(box.data.rglob("*.db")), "planning made a database")
    expect(not box.out.exists(), "planning wrote results")


@test
def a_terminated_run_ends_with_130(box):
    slow = sim_task("slow", {"ttft-ms": 50, "tpot-ms": 50, "max-num-seqs": [1, 2, 4]},
                    benchmark={"traffic_scenarios": ["D(16,32)"], "max_requests_per_iteration": 500})
    process = box.start("tune", box.write("slow.json", slow), "--out", box.out, "--json")
    wait_for(lambda: "[trial 1" in process.stderr.readline(), "the first trial")
    process.send_signal(signal.SIGTERM)
    stdout, _ = process.communicate(timeout=30)
    expect_equal(process.returncode, 130, "the exit code")
    expect_equal(json.loads(stdout)["state"], "cancelled", "the state")
    box.expect_no_process()


@test
def a_plan_says_how_many_gpus_are_here_and_needed(box):
    task = sim_task("gpus", {})
    task.update(base_runtime="vllm", model={"id_or_path": "org/name"}, parameters={"max-num-seqs": [8, 16]})
    path = box.write("gpus.json", task)
    (box.folder / "bin").mkdir()
    nowhere = {"PATH": str(box.folder / "bin")}
    expect_in("GPUs: 0 here; needs 1, unless this build of the engine computes on the CPU",
              box.run("plan", path, environment=nowhere).stdout, "the plan")
    box.script("bin/nvidia-smi", "#!/bin/sh\necho 0, X, GPU-aa, 80000, 1, 79900, 0, 30, 60, 400, Default\n")
    expect_in("GPUs: 1 of 1 here", box.run("plan", path, environment=nowhere).stdout, "the plan")
    expect_equal(json.loads(box.run("plan", "--json", path, environment=nowhere).stdout)["gpus"],
                 {"min": 1, "max": 1, "here": 1}, "the GPUs of the plan")


@test
def a_plan_and_the_doctor_find_the_kernel_tables_of_an_installed_package(box):
    site = box.folder / "site"
    tables = site / "aiconfigurator_core/systems/data/h100_sxm/comm/vllm/0.24.0"
    tables.mkdir(parents=True)
    shutil.copy(ROOT / "tests/fuzz/corpus/parquet/reduce.parquet", tables / "custom_allreduce_perf.parquet")
    (site / "aiconfigurator_core-0.12.0.dist-info").mkdir()
    task = sim_task("measured", {}, benchmark={"traffic_scenarios": ["D(1000,500)"], "num_concurrency": [64]})
    task.update(base_runtime="vllm", model={"id_or_path": "meta-llama/Llama-3.1-70B-Instruct"},
                parameters={"tensor-parallel-size": [2, 4]})
    path = box.write("measured.json", task)
    (box.folder / "bin").mkdir()
    box.script("bin/nvidia-smi", "#!/bin/sh\nfor i in 0 1 2 3; do "
               "echo $i, NVIDIA H100 80GB HBM3, GPU-a$i, 81559, 1, 81000, 0, 30, 60, 700, Default; done\n")
    here = {"PATH": f"{box.folder / 'bin'}:/usr/bin:/bin", "AUTOTUNER_KERNEL_TABLES": str(site)}
    source = "aiconfigurator-core 0.12.0, h100_sxm, vllm 0.24.0"
    with_tables = json.loads(box.run("plan", "--json", path, environment=here).stdout)["prediction"]
    expect_equal(with_tables["kernel_tables"], source, "kernel tables")
    expect_in(f"  kernel tables: {source}\n", box.run("plan", path, environment=here).stdout, "the plan")
    here["AUTOTUNER_KERNEL_TABLES"] = str(box.folder)
    without = json.loads(box.run("plan", "--json", path, environment=here).stdout)["prediction"]
    expect(without["frontier"] != with_tables["frontier"], "the tables change nothing")
    here["AUTOTUNER_KERNEL_TABLES"] = str(site)
    checks = json.loads(box.run("doctor", "--json", environment=here).stdout)["checks"]
    found = [check for check in checks if check["name"] == "kernel tables"]
    expect_equal([(check["state"], check["detail"]) for check in found],
                 [("ok", f"aiconfigurator-core 0.12.0 in {site}/aiconfigurator_core: h100_sxm")], "the doctor's finding")


@test
def a_plan_predicts_what_the_gpus_would_do_and_says_that_it_does(box):
    model = box.folder / "ours"
    model.mkdir()
    (model / "config.json").write_text(json.dumps({
        "num_hidden_layers": 80, "hidden_size": 8192, "num_attention_heads": 64, "num_key_value_heads": 8,
        "intermediate_size": 28672, "vocab_size": 128256, "torch_dtype": "bfloat16"}))
    task = sim_task("predicted", {}, benchmark={"traffic_scenarios": ["D(1000,500)"], "num_concurrency": [64]})
    task.update(base_runtime="vllm", model={"id_or_path": str(model)},
                parameters={"max-num-seqs": [16, 64], "tensor-parallel-size": [1, 2, 4]})
    path = box.write("predicted.json", task)
    (box.folder / "bin").mkdir()
    box.script("bin/nvidia-smi", "#!/bin/sh\nfor i in 0 1 2 3; do "
               "echo $i, NVIDIA H100 80GB HBM3, GPU-a$i, 81559, 1, 81000, 0, 30, 60, 700, Default; done\n")
    here = {"PATH": f"{box.folder / 'bin'}:/usr/bin:/bin", "AUTOTUNER_KERNEL_TABLES": str(model)}
    plan = json.loads(box.run("plan", "--json", path, environment=here).stdout)
    predicted = plan["prediction"]
    expect_equal(predicted["device"], "NVIDIA H100 SXM", "the device")
    expect_equal(predicted["model_sizes"], "config", "where the sizes are from")
    expect_equal((predicted["distinct"], predicted["looked_at"]), (6, 6), "points")
    expect(predicted["without_room"] >= 2, "141 GB of weights have room on one GPU")
    expect(all(row["parameters"]["tensor-parallel-size"] > 1 for row in predicted["frontier"]), "one GPU is shown")
    expect_equal([group["name"] for group in plan["groups"]], ["layout", "scheduler"], "the groups")
    text = box.run("plan", path, environment=here).stdout
    expect_in("Predicted, not measured (give or take a factor of 2, TTFT of 3)", text, "the plan")
    expect_in(f"kernel tables: none, the folder of kernel tables {model} holds no aiconfigurator_core", text, "the plan")
    expect_equal(predicted["kernel_tables"], None, "kernel tables")
    expect_in("no room in memory: ", text, "the plan")
    expect_in("layout (tensor-parallel-size) -> scheduler (max-num-seqs)", text, "the plan")


@test
def doctor_says_how_the_cpus_are_shared_out(box):
    checks = json.loads(box.run("doctor", "--json", environment={"ENGINE_CPUS": "all"}).stdout)["checks"]
    split = [check for check in checks if check["name"] == "cpu split"]
    expect_equal([check["detail"] for check in split], ["none: as the settings want it"], "the split")


if __name__ == "__main__":
    main()
