#!/usr/bin/env python3
"""The official `openai` client against the simulated engine. The client lives in a private environment, made once."""
import subprocess
import sys

from harness import ROOT, USUAL_LIMIT, expect, expect_code, main, simulator, test

CLIENT = "openai==1.109.1"
FOLDER = ROOT / "build" / "e2e-venv"


def client_python():
    """Python of the private environment; made anew when it holds another version."""
    python = FOLDER / "bin" / "python"
    stamp = FOLDER / "client.txt"
    if python.exists() and stamp.exists() and stamp.read_text() == CLIENT:
        return str(python)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True)
    installed = subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    expect(installed.returncode == 0, f"{CLIENT} can't be installed:\n{installed.stdout[-2000:]}")
    stamp.write_text(CLIENT)
    return str(python)


@test
def the_official_client_is_served_as_it_expects(box):
    python = client_python()
    with simulator(box, "--model", "demo-1b") as url:
        done = subprocess.run([python, str(ROOT / "tests" / "e2e" / "openai_client_check.py"), url],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=USUAL_LIMIT,
                              env=box.environment)
    expect_code(done, 0)


if __name__ == "__main__":
    main()
