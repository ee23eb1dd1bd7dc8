#!/usr/bin/env python3
"""The load generator against an engine whose delays are known. Loose enough for a busy machine; the strict figures are
a benchmark's business."""
import json
import re
import signal

from harness import expect, expect_code, expect_equal, expect_in, free_port, main, simulator, test, wait_for

TTFT, TPOT = 0.050, 0.010


def measured(box, url, *arguments):
    done = box.run("bench", "--url", url, "--json", *arguments)
    expect_code(done, 0)
    return json.loads(done.stdout)


def check_delays(box, streams, requests):
    with simulator(box, "--ttft-ms", "50", "--tpot-ms", "10") as url:
        result = measured(box, url, "--concurrency", streams, "--max-requests", requests, "--scenario", "D(32,24)")
    batch = result["batches"][0]
    expect_equal(batch["num_completed_requests"], requests, "completed requests")
    tpot, ttft = batch["stats"]["tpot"]["mean"], batch["stats"]["ttft"]["mean"]
    expect(abs(tpot - TPOT) <= 0.02 * TPOT + 0.0002, f"mean TPOT with {streams} streams is {tpot * 1e3:.3f} ms, true are 10")
    expect(abs(ttft - TTFT) <= 0.10 * TTFT, f"mean TTFT with {streams} streams is {ttft * 1e3:.3f} ms, true are 50")


@test
def one_stream_is_measured_as_it_is(box):
    check_delays(box, 1, 5)


@test
def twenty_streams_are_measured_as_they_are(box):
    check_delays(box, 20, 60)


@test
def result_files_have_the_names_and_members_of_genai_bench(box):
    folder = box.folder / "bench"
    with simulator(box, "--ttft-ms", "5", "--tpot-ms", "1") as url:
        measured(box, url, "--concurrency", "1,2", "--max-requests", 6, "--scenario", "D(16,4)", "--scenario",
                 "N(16,2)/(4,1)", "--out", folder)
    names = sorted(path.name for path in folder.iterdir())
    metadata = json.loads((folder / "experiment_metadata.json").read_text())
    expect_equal(metadata["num_concurrency"], [1, 2], "num_concurrency of the metadata")
    expect_equal(metadata["traffic_scenario"], ["D(16,4)", "N(16,2)/(4,1)"], "traffic_scenario of the metadata")
    runs = [name for name in names if name != "experiment_metadata.json"]
    expect_equal(len(runs), 4, f"the number of run files {runs}")
    for name in runs:
        expect(re.fullmatch(r"(D16_4|N16_2_4_1)_text-to-text_num_concurrency_[12]_time_\d+s\.json", name),
               f"the file name is {name}")
        document = json.loads((folder / name).read_text())
        aggregated = document["aggregated_metrics"]
        expect_equal(aggregated["num_completed_requests"], 6, f"num_completed_requests of {name}")
        for figure in ("ttft", "tpot", "e2e_latency", "output_throughput", "num_input_tokens", "num_output_tokens"):
            expect(aggregated["stats"][figure]["mean"] is not None, f"{figure} has no mean in {name}")
        expect_equal(len(document["individual_request_metrics"]), 6, f"requests of {name}")


@test
def goodput_counts_requests_within_the_limits(box):
    with simulator(box, "--ttft-ms", "40", "--tpot-ms", "1") as url:
        easy = measured(box, url, "--max-requests", 5, "--scenario", "D(16,4)", "--ttft", "5s")["batches"][0]
        hard = measured(box, url, "--max-requests", 5, "--scenario", "D(16,4)", "--ttft", "10ms")["batches"][0]
    expect_equal(easy["goodput_ratio"], 1.0, "goodput_ratio under a limit of 5 s")
    expect(easy["goodput"] > 0, f"goodput is {easy['goodput']}")
    expect_equal(hard["goodput_ratio"], 0.0, "goodput_ratio under a limit of 10 ms")


@test
def an_endpoint_that_is_not_there_fails_with_its_address(box):
    url = f"http://127.0.0.1:{free_port()}"
    done = box.run("bench", "--url", url, "--max-requests", 4)
    expect_code(done, 1)
    expect_in(url.removeprefix("http://"), done.stderr, "stderr")


@test
def an_endpoint_that_answers_garbage_fails(box):
    with simulator(box, "--fail", "garbage") as url:
        done = box.run("bench", "--url", url, "--max-requests", 4, "--scenario", "D(16,4)")
    expect_code(done, 1)


@test
def errors_are_counted_and_not_measured(box):
    with simulator(box, "--fail", "error-rate-0.5", "--ttft-ms", "5", "--tpot-ms", "1") as url:
        done = box.run("bench", "--url", url, "--max-requests", 40, "--concurrency", 2, "--scenario", "D(16,4)",
                       "--warmup", 0, "--json")
    batch = json.loads(done.stdout)["batches"][0]
    expect_equal(batch["num_completed_requests"] + batch["num_error_requests"], 40, "requests accounted for")
    expect(5 <= batch["num_error_requests"] <= 35, f"{batch['num_error_requests']} of 40 requests failed at a rate of one half")


@test
def an_interrupted_measurement_ends_with_130(box):
    with simulator(box, "--ttft-ms", "200", "--tpot-ms", "50") as url:
        bench = box.start("bench", "--url", url, "--max-requests", 1000, "--scenario", "D(16,32)")
        stderr = []
        # The level has begun once it is said so.
        wait_for(lambda: "level" in (stderr.append(bench.stderr.readline()) or stderr[-1]), "the first level")
        bench.send_signal(signal.SIGINT)
        bench.communicate(timeout=20)
        expect_equal(bench.returncode, 130, "the exit code")


if __name__ == "__main__":
    main()
