"""What the end-to-end tests share: the program, a sandbox per test, waiting, and the closing line."""
import contextlib
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# Bounds a hang; no test comes near it on a machine that is not drowned in other work.
USUAL_LIMIT = 60


def program():
    """The program under test: AUTOTUNER_BINARY, else the release build."""
    path = pathlib.Path(os.environ.get("AUTOTUNER_BINARY", ROOT / "build" / "release" / "autotuner")).absolute()
    if not os.access(path, os.X_OK):
        sys.exit(f"{path} is missing; build it: cmake --preset release && cmake --build --preset release --target autotuner")
    return str(path)


class Failure(AssertionError):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


def expect_equal(actual, wanted, what):
    expect(actual == wanted, f"{what} is {actual!r}, expected {wanted!r}")


def expect_in(part, text, what="the text"):
    expect(part in text, f"{what} should contain {part!r}, but is:\n{text[-3000:]}")


def expect_code(done, *codes):
    expect(done.returncode in codes,
           f"{' '.join(map(str, done.args))}\nended with {done.returncode}, expected {' or '.join(map(str, codes))}\n"
           f"stdout: {done.stdout[-1500:]}\nstderr: {done.stderr[-3000:]}")


def wait_for(condition, what, limit=30.0, interval=0.005):
    """The first true value of the condition; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < end, f"waited {limit:g} s in vain for {what}")
        time.sleep(interval)


def free_port():
    import socket
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url, limit=5):
    """Body of a 200 answer, else nothing."""
    try:
        with urllib.request.urlopen(url, timeout=limit) as answer:
            return answer.read()
    except (OSError, http.client.HTTPException):
        return None


class Sandbox:
    """A folder with its own DATA_DIR, so that its processes can be told from all others."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.out = self.folder / "results"
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR", "ASAN_OPTIONS") if name in os.environ}
        self.environment = {**kept, "HOME": str(self.folder / "home"), "DATA_DIR": str(self.data), "TERM": "dumb",
                            "AUTOTUNER_CONFIG_DIR": str(self.folder / "config")}
        (self.folder / "home").mkdir()

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        return str(path)

    def script(self, name, content):
        path = self.write(name, content)
        os.chmod(path, 0o755)
        return path

    def command(self, *arguments):
        return [program(), *map(str, arguments)]

    def run(self, *arguments, limit=USUAL_LIMIT, environment=None, **options):
        """Runs the program to its end. A run over the limit is killed and fails the test."""
        settings = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                        errors="replace", cwd=self.folder, env={**self.environment, **(environment or {})})
        command = self.command(*arguments)
        try:
            return subprocess.run(command, timeout=limit, **{**settings, **options})
        except subprocess.TimeoutExpired as expired:
            raise Failure(f"{' '.join(command)} did not end within {limit} s; stderr so far: "
                          f"{(expired.stderr or b'')[-2000:]}") from None

    def start(self, *arguments, environment=None, **options):
        settings = dict(stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                        cwd=self.folder, env={**self.environment, **(environment or {})})
        return subprocess.Popen(self.command(*arguments), **{**settings, **options})

    def tune(self, task, *arguments, **options):
        """Tunes a task document (a dict), with its results below `out`."""
        path = self.write(f"{task['task_name']}.json", task)
        return self.run("tune", path, "--out", self.out, *arguments, **options)

    def summary(self, name):
        return json.loads((self.out / f"{name}_results.json").read_text())

    def processes(self):
        """Pids of all living processes that were started with this sandbox's DATA_DIR."""
        mark = f"DATA_DIR={self.data}".encode()
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                with open(f"/proc/{entry}/environ", "rb") as file:
                    variables = file.read().split(b"\0")
                with open(f"/proc/{entry}/stat", "rb") as file:
                    state = file.read().rpartition(b")")[2].split()[0]
                if mark in variables and state != b"Z":
                    found.append(int(entry))
        return found

    def describe_processes(self):
        lines = []
        for pid in self.processes():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                lines.append(f"{pid}: {file.read().replace(bytes(1), b' ').decode(errors='replace')}")
        return "\n".join(lines)

    def expect_no_process(self, limit=15.0):
        try:
            wait_for(lambda: not self.processes(), "the end of all processes", limit)
        except Failure:
            raise Failure(f"processes are left after {limit:g} s:\n{self.describe_processes()}") from None

    def kill_processes(self):
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def sandbox():
    folder = tempfile.mkdtemp(prefix="autotuner-e2e-")
    box = Sandbox(folder)
    try:
        yield box
    finally:
        box.kill_processes()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def simulator(box, *flags):
    """A running simulated engine; gives its base URL."""
    engine = box.start("sim", "--port", "0", "--startup-s", "0", *flags)
    try:
        url = None
        while url is None:
            line = engine.stdout.readline()
            expect(line, f"the simulated engine ended: {engine.stderr.read() if engine.poll() is not None else ''}")
            found = re.search(r"http://[\d.]+:\d+", line)
            url = found and found.group(0)
        wait_for(lambda: get(url + "/health") is not None, "the simulated engine")
        yield url
    finally:
        engine.terminate()
        engine.communicate(timeout=10)


def sim_task(name, parameters, **sections):
    """A small task on the simulated engine. Sections are merged into the usual ones."""
    task = {
        "task_name": name,
        "model": {"id_or_path": "demo-1b"},
        "base_runtime": "sim",
        "deployment_mode": "local",
        "parameters": {"startup-s": 0, **parameters},
        "optimization": {"strategy": "grid_search", "objective": "maximize_throughput", "timeout_per_iteration": 30,
                         "baseline": False, "seed": 7},
        "benchmark": {"traffic_scenarios": ["D(16,4)"], "num_concurrency": [2], "max_seconds_per_run": 5,
                      "max_requests_per_iteration": 6, "additional_params": {}},
    }
    for section, content in sections.items():
        task[section] = {**task[section], **content} if isinstance(task.get(section), dict) else content
    return task


class Watched:
    """A run whose talk is read as it comes."""

    def __init__(self, run):
        self.run = run
        self.lines = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.run.stderr:
            self.lines.append(line)

    def until(self, words):
        wait_for(lambda: any(words in line for line in self.lines) or self.run.poll() is not None, f"'{words}'")
        expect(self.run.poll() is None, "the run ended before: " + "".join(self.lines)[-2000:])

    def interrupt_at(self, words, limit=30):
        """Ctrl-C once it says so; gives what it then printed."""
        self.until(words)
        self.run.send_signal(signal.SIGINT)
        code, stdout = self.end(limit)
        expect_equal(code, 130, "the exit code")
        return stdout

    def end(self, limit):
        stdout = self.run.stdout.read()
        code = self.run.wait(timeout=limit)
        self.reader.join(5)
        return code, stdout


TESTS = []


def test(function):
    """Registers a test. Its name is its sentence; it gets a sandbox."""
    @functools.wraps(function)
    def run():
        with sandbox() as box:
            function(box)
    TESTS.append(run)
    return function


def main():
    """Runs the tests whose names contain one of the arguments, or all of them."""
    program()
    wanted = sys.argv[1:]
    passed = failed = 0
    for run in TESTS:
        if wanted and not any(word in run.__name__ for word in wanted):
            continue
        started = time.monotonic()
        try:
            run()
            passed += 1
            word = "ok  "
        except Exception as error:  # whatever a test throws is its failure
            failed += 1
            word = "FAIL"
            print(error if isinstance(error, Failure) else traceback.format_exc())
        print(f"  {word} {run.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)
