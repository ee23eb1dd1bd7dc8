"""Replays the samplers of Optuna and SMAC3 on tuning tables, with the noise that `autotuner replay` gives its own strategies.

usage: stock.py --samplers tpe,tpe-reference,gpsampler,smac [--seeds 0:20] [--jobs N] TABLE.json ...
       stock.py --samplers tpe,gpsampler,nsgaii --objectives METRIC:max,METRIC:min ... TABLE.json

Samplers keep their defaults. A point that breaks a constraint is replaced by the nearest point of the table at no
charge; a failed trial scores 0. With several objectives the limits are constraints of the sampler, a failed trial has the
worst values of the table and breaks one; the trace is the share of the true frontier's hypervolume, as in
`autotuner replay --objectives`. One JSON line per study on standard output.
"""

import argparse
import concurrent.futures
import csv
import gzip
import json
import math
import pathlib
import tempfile
import time
import warnings

MASK = (1 << 64) - 1


def noise(head, seed, row, visit):
    state = (seed * 0x9E3779B97F4A7C15 + row * 0xBF58476D1CE4E5B9 + visit * 0x94D049BB133111EB) & MASK
    u = []
    for _ in range(4):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        u.append(((z ^ (z >> 31)) >> 11) * 2.0**-53)
    factor = math.exp(head["sigma"] * math.sqrt(-2 * math.log(max(u[0], 1e-300))) * math.cos(2 * math.pi * u[1]))
    low, high = head["outlier_factor"]
    return factor * (low + (high - low) * u[3]) if u[2] < head["outlier_share"] else factor


class Table:
    def __init__(self, path):
        self.head = json.loads(path.read_text())
        self.parameters = self.head["parameters"]
        spelled = [{self.spell(v): i for i, v in enumerate(p["values"])} for p in self.parameters]
        with gzip.open(path.with_suffix(".csv.gz"), "rt", newline="") as file:
            self.rows = list(csv.DictReader(file))
        self.points = [tuple(s[self.spell(r[p["name"]])] for p, s in zip(self.parameters, spelled)) for r in self.rows]
        self.row_of = {point: i for i, point in enumerate(self.points)}
        self.truth = [self.score(r, 1.0) for r in self.rows]
        self.best = max(self.truth)

    @staticmethod
    def spell(value):
        if isinstance(value, bool):
            return "true" if value else "false"
        try:
            return repr(float(value))
        except ValueError:
            return value

    def metric(self, row, name, factor):
        kind = next(m["noise"] for m in self.head["metrics"] if m["name"] == name)
        return float(row[name]) * {"multiply": factor, "divide": 1 / factor, "none": 1.0}[kind]

    def score(self, row, factor):
        if row["status"] != "ok":
            return 0.0
        objective = self.head["objective"]
        value = self.metric(row, objective["metric"], factor)
        value = 1 / value if objective["direction"] == "minimize" else value
        for slo in self.head["slo"]:
            value *= min(1.0, slo["max"] / self.metric(row, slo["metric"], factor)) ** slo["exponent"]
        return value

    def nearest(self, point):
        if point in self.row_of:
            return point
        def gap(other):
            total = 0.0
            for p, a, b in zip(self.parameters, point, other):
                ordered = p["type"] not in ("categorical", "bool")
                total += abs(a - b) / max(len(p["values"]) - 1, 1) if ordered else a != b
            return total
        return min(self.points, key=gap)


class Frontier:
    """Share of the hypervolume that can be reached, by true values in logarithms, above a point a tenth of the true
    frontier's range below its worst values; of rows that keep the limits."""

    def __init__(self, table, objectives):
        self.table, self.objectives = table, objectives
        kept = [v for v in (self.values(row) for row in range(len(table.rows))) if v]
        front = [v for v in set(kept) if not any(w != v and all(a >= b for a, b in zip(w, v)) for w in kept)]
        spans = list(zip(*front))
        self.reference = [min(s) - max(0.1 * (max(s) - min(s)), 0.01) for s in spans]
        self.best, self.seen = self.volume(front), []

    def values(self, row):
        cells = self.table.rows[row]
        if cells["status"] != "ok" or any(float(cells[s["metric"]]) > s["max"] for s in self.table.head["slo"]):
            return None
        return tuple(math.log(float(cells[m])) * (1 if up else -1) for m, up in self.objectives)

    def volume(self, points):
        points = [p for p in points if all(x > r for x, r in zip(p, self.reference))]
        return covered(points, self.reference)

    def share_with(self, row):
        if values := self.values(row):
            self.seen.append(values)
        return self.volume(self.seen) / self.best


def covered(points, reference):
    """Volume that points (each above the reference) dominate, by slices of the last coordinate."""
    if not points:
        return 0.0
    if len(reference) == 1:
        return max(p[0] for p in points) - reference[0]
    heights = sorted({p[-1] for p in points}, reverse=True)
    total = 0.0
    for height, below in zip(heights, heights[1:] + [reference[-1]]):
        total += (height - below) * covered([p[:-1] for p in points if p[-1] >= height], reference[:-1])
    return total


def broken_limits(trial):
    return trial.user_attrs["limits"]


class Optuna:
    """Points are tuples of positions in the lists of values."""

    def __init__(self, table, name, seed, objectives=()):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        limits = {"constraints_func": broken_limits} if objectives else {}
        samplers = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=True, **limits),
            "tpe-reference": lambda: optuna.samplers.TPESampler(seed=seed, multivariate=False, n_startup_trials=5, constant_liar=False),
            "gpsampler": lambda: optuna.samplers.GPSampler(seed=seed, **limits),
            "nsgaii": lambda: optuna.samplers.NSGAIISampler(seed=seed, **limits),
        }
        self.optuna, self.names = optuna, [p["name"] for p in table.parameters]
        directions = ["maximize" if up else "minimize" for _, up in objectives] or ["maximize"]
        self.study = optuna.create_study(directions=directions, sampler=samplers[name]())
        self.space = {}
        for p in table.parameters:
            count = len(p["values"])
            listed = name == "tpe-reference" or p["type"] in ("categorical", "bool") or count < 3
            self.space[p["name"]] = optuna.distributions.CategoricalDistribution(range(count)) if listed else optuna.distributions.IntDistribution(0, count - 1)

    def ask(self):
        trial = self.study.ask(self.space)
        return trial, tuple(trial.params[n] for n in self.names)

    def tell(self, trial, point, score):
        if trial is None:
            params = dict(zip(self.names, point))
            self.study.add_trial(self.optuna.trial.create_trial(params=params, distributions=self.space, value=score))
        else:
            self.study.tell(trial, score)

    def enqueue(self, point):
        """What the next ask() gives."""
        self.study.enqueue_trial(dict(zip(self.names, point)))

    def tell_several(self, trial, values, limits):
        trial.set_user_attr("limits", limits)
        self.study.tell(trial, values)


class Smac:
    def __init__(self, table, name, seed):
        import ConfigSpace
        import smac

        self.module, self.library, self.names = smac, ConfigSpace, [p["name"] for p in table.parameters]
        self.space = ConfigSpace.ConfigurationSpace(seed=seed)
        for p in table.parameters:
            count = len(p["values"])
            listed = p["type"] in ("categorical", "bool") or count < 3
            self.space.add(ConfigSpace.CategoricalHyperparameter(p["name"], list(range(count))) if listed else ConfigSpace.UniformIntegerHyperparameter(p["name"], 0, count - 1))
        self.folder = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(self.space, deterministic=True, n_trials=max(table.head["budgets"]), seed=seed, output_directory=pathlib.Path(self.folder.name))
        self.facade = smac.HyperparameterOptimizationFacade(scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=50)

    def ask(self):
        info = self.facade.ask()
        return info, tuple(int(info.config[n]) for n in self.names)

    def tell(self, info, point, score):
        from smac.runhistory.dataclasses import TrialInfo, TrialValue

        if info is None:
            info = TrialInfo(config=self.library.Configuration(self.space, values=dict(zip(self.names, point))), seed=0)
        self.facade.tell(info, TrialValue(cost=-score))


class Visits:
    """The row that a wanted point gets, with the noise of this visit to it."""

    def __init__(self, table, seed):
        self.table, self.seed, self.counts = table, seed, {}

    def row_and_factor(self, wanted):
        row = self.table.row_of[self.table.nearest(wanted)]
        visit = self.counts.get(row, 0)
        self.counts[row] = visit + 1
        return row, noise(self.table.head["noise"], self.seed, row, visit)


class Stopwatch:
    """Seconds that an optimizer takes for itself."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self, work, *arguments):
        started = time.perf_counter()
        result = work(*arguments)
        self.seconds += time.perf_counter() - started
        return result


def default_of(table):
    default = table.head.get("default")
    return default and tuple(p["values"].index(default[p["name"]]) for p in table.parameters)


def frontier_study(job):
    """A study of several objectives: the engine's default first, as everywhere."""
    path, name, seed, objectives = job
    warnings.simplefilter("ignore")
    table = Table(path)
    optimizer, frontier = Optuna(table, name, seed, objectives), Frontier(table, objectives)
    worst = [(min if up else max)(float(r[m]) for r in table.rows if r["status"] == "ok") for m, up in objectives]
    visits, watch, trace, crashes = Visits(table, seed), Stopwatch(), [], 0
    for number in range(max(table.head["budgets"])):
        if number == 0 and default_of(table):
            optimizer.enqueue(default_of(table))
        trial, wanted = watch(optimizer.ask)
        row, factor = visits.row_and_factor(wanted)
        cells = table.rows[row]
        failed = cells["status"] != "ok"
        crashes += failed
        values = worst if failed else [table.metric(cells, m, factor) for m, _ in objectives]
        limits = [1.0 if failed else table.metric(cells, s["metric"], factor) / s["max"] - 1 for s in table.head["slo"]] or [1.0 if failed else -1.0]
        trace.append(round(frontier.share_with(row), 4))
        watch(optimizer.tell_several, trial, values, limits)
    return {"table": table.head["name"], "sampler": f"optuna {name}", "seed": seed, "trace": trace, "crashes": crashes, "seconds_per_ask": watch.seconds / len(trace), "objectives": [f"{m}:{'max' if up else 'min'}" for m, up in objectives]}


def study(job):
    path, name, seed = job
    warnings.simplefilter("ignore")
    table = Table(path)
    optimizer = (Smac if name == "smac" else Optuna)(table, name, seed)
    visits, watch, trace, crashes, seen, best = Visits(table, seed), Stopwatch(), [], 0, -1.0, 0.0
    server = [i for i, p in enumerate(table.parameters) if p.get("scope") != "client"]
    running, clock, spent = None, 0.0, []
    for number in range(max(table.head["budgets"])):
        trial = None
        if number == 0 and default_of(table):
            wanted = default_of(table)
        else:
            trial, wanted = watch(optimizer.ask)
        row, factor = visits.row_and_factor(wanted)
        score = table.score(table.rows[row], factor)
        failed = table.rows[row]["status"] != "ok"
        crashes += failed
        wanted_server = tuple(table.points[row][i] for i in server)
        if wanted_server != running:
            clock += float(table.rows[row].get("start_seconds") or 0)
        clock += float(table.rows[row].get("bench_seconds") or 0)
        spent.append(round(clock, 1))
        running = None if failed else wanted_server
        if score > seen:
            seen, best = score, table.truth[row] / table.best
        trace.append(round(best, 4))
        watch(optimizer.tell, trial, wanted, score)
    return {"table": table.head["name"], "sampler": "smac3" if name == "smac" else f"optuna {name}", "seed": seed, "trace": trace, "spent": spent, "crashes": crashes, "seconds_per_ask": watch.seconds / len(trace)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samplers", default="tpe")
    parser.add_argument("--seeds", default="0:20")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--objectives", default="", help="METRIC:max,METRIC:min ...")
    parser.add_argument("tables", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split(":"))
    objectives = [(m.split(":")[0], m.endswith(":max")) for m in arguments.objectives.split(",") if m]
    jobs = [(t, n, s) for t in arguments.tables for n in arguments.samplers.split(",") for s in range(first, last)]
    if objectives:
        jobs = [(*job, objectives) for job in jobs]
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        for result in pool.map(frontier_study if objectives else study, jobs):
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
