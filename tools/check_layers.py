#!/usr/bin/env python3
"""Holds every #include of src/ against what its module may depend on (DEPENDS in src/CMakeLists.txt).

Also refuses heavy libraries in headers where the house keeps them out, and anything but app/ reading the
environment or starting detached coroutines. Prints one line per offence; exits 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SRC = ROOT / "src"


def allowed_includes():
    text = (SRC / "CMakeLists.txt").read_text()
    modules = {}
    for name, body in re.findall(r"autotuner_module\((\w+)([^)]*)\)", text):
        depends = re.search(r"DEPENDS\s+([a-z_ ]+?)(?=\s+[A-Z]|\s*$)", body.replace("\n", " "))
        modules[name] = {name} | set(depends.group(1).split() if depends else [])
        tests = re.search(r"TEST_DEPENDS\s+([a-z_ ]+?)(?=\s+[A-Z]|\s*$)", body.replace("\n", " "))
        modules[name + "/test"] = modules[name] | set(tests.group(1).split() if tests else [])
    modules["app"] = modules["app/test"] = {m for m in modules if "/" not in m} | {"app"}
    return modules


HEAVY_IN_HEADERS = {
    r"<nlohmann/json\.hpp>": "nlohmann/json.hpp in a header: include json_fwd.hpp through base/json.hpp",
    r"<soci/": "SOCI in a header: keep it in the .cpp",
    r"<boost/beast": "Beast in a header: keep it in the .cpp",
    r"<Eigen/": "Eigen in a header outside search/",
}
ONLY_IN_APP = {
    r"\b(std::)?getenv\s*\(": "getenv outside app/: settings are read there once and handed on",
    r"\bdetached\b": "detached outside app/: concurrency is structured",
}


def main():
    modules = allowed_includes()
    offences = []
    for path in sorted(SRC.rglob("*.[ch]pp")):
        module = path.relative_to(SRC).parts[0]
        is_test = re.search(r"_(test|bench)\.cpp$", path.name)
        allowed = modules.get(module + ("/test" if is_test else ""))
        if allowed is None:
            offences.append(f"{path}: src/{module} is no module of src/CMakeLists.txt")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            where = f"{path.relative_to(ROOT)}:{number}"
            include = re.match(r'\s*#include\s+"([^"]+)"', line)
            if include:
                other = include.group(1).split("/")[0]
                if "/" not in include.group(1):
                    offences.append(f"{where}: write the path from src/: {include.group(1)}")
                elif other != "tests" and other not in allowed:
                    offences.append(f"{where}: {module} may not include {include.group(1)}")
                elif other == "tests" and not is_test:
                    offences.append(f"{where}: only tests include tests/")
            if path.suffix == ".hpp" and not (module == "search" and "Eigen" in line):
                for pattern, text in HEAVY_IN_HEADERS.items():
                    if re.search(r"#include\s+" + pattern, line):
                        offences.append(f"{where}: {text}")
            if module != "app" and not is_test:
                for pattern, text in ONLY_IN_APP.items():
                    if re.search(pattern, line.split("//")[0]):
                        offences.append(f"{where}: {text}")
    print("\n".join(offences) if offences else "layers: every include points down")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
