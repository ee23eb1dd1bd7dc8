"""Compares studies replayed on tuning tables: a Markdown table for each kind of table and for each table.

usage: compare.py --tables DIR RUNS.jsonl [MORE.jsonl.gz ...]

Intervals are 95 % bootstrap intervals, of medians in brackets and of the last mean behind the row; p is of a two-sided permutation test of the difference of means
between gp and the other sampler, over studies.
"""

import argparse
import collections
import gzip
import json
import pathlib
import random
import statistics

OURS = "gp"
ROUNDS = 2000


def read_runs(paths):
    runs = collections.defaultdict(dict)
    for number, path in enumerate(paths):
        opened = gzip.open(path, "rt") if str(path).endswith(".gz") else open(path)
        with opened as lines:
            for line in lines:
                run = json.loads(line)
                # Stored studies call Optuna's Gaussian process gp, too.
                name = f"stored {run['sampler']}" if number > 0 else run["sampler"]
                runs[run["table"], name][run["seed"]] = run
    return runs


def interval(values, chance, of=statistics.fmean):
    drawn = sorted(of(chance.choices(values, k=len(values))) for _ in range(ROUNDS))
    return drawn[int(0.025 * ROUNDS)], drawn[int(0.975 * ROUNDS)]


def median_cell(values, chance, text):
    low, high = interval(values, chance, statistics.median)
    return f"{text(statistics.median(values))} [{text(low)} {text(high)}]"


def p_value(a, b, chance):
    observed = abs(statistics.fmean(a) - statistics.fmean(b)) - 1e-12
    joined, hits = list(a) + list(b), 0
    for _ in range(ROUNDS):
        chance.shuffle(joined)
        hits += abs(statistics.fmean(joined[: len(a)]) - statistics.fmean(joined[len(a) :])) >= observed
    return (1 + hits) / (1 + ROUNDS)


def first_hit(trace, level=0.95):
    return next((i + 1 for i, share in enumerate(trace) if share >= level), len(trace) + 1)


def spent_of(study):
    """Seconds after each trial, at true cost. Studies that were stored with their total alone count every trial as dear as
    the others; zeros where no costs are known."""
    count = len(study["trace"])
    return study.get("spent") or [study.get("replay_seconds", 0) * (i + 1) / count for i in range(count)]


def seconds_to(study, level=0.95):
    """To the first trial at this level; the whole study where there is none; nothing where no costs are known."""
    trace, spent = study["trace"], spent_of(study)
    return spent[min(first_hit(trace, level), len(trace)) - 1] if spent[-1] else None


def row(name, studies, budgets, chance):
    """Over the studies of one or several tables with the same budgets."""
    cells = [name, str(len(studies))]
    cells.append(" / ".join(f"{statistics.fmean(s['trace'][b - 1] for s in studies):.3f}" for b in budgets))
    for level in (0.95, 0.98):
        cells.append(" / ".join(f"{100 * statistics.fmean(s['trace'][b - 1] >= level for s in studies):.0f}" for b in budgets))
    hits = [first_hit(s["trace"]) for s in studies]
    cells.append(median_cell(hits, chance, lambda hit: "never" if hit > budgets[-1] else f"{hit:g}"))
    cells.append(f"{statistics.fmean(s['crashes'] for s in studies):.1f}")
    cells.append(f"{1e3 * statistics.fmean(s['seconds_per_ask'] for s in studies):.1f}")
    seconds = [x for x in map(seconds_to, studies) if x is not None]
    cells.append(median_cell(seconds, chance, lambda x: f"{x:.0f}") if seconds else "-")
    return "| " + " | ".join(cells) + " |"


HEAD = "| sampler | studies | best / optimum | within 5 % | within 2 % | median first hit of 5 % | crashes | ms per ask | median seconds to 5 % |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=pathlib.Path, required=True)
    parser.add_argument("runs", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    runs, chance = read_runs(arguments.runs), random.Random(7)
    names = sorted({table for table, _ in runs})
    samplers = list(dict.fromkeys(sampler for _, sampler in runs))
    heads = {n: json.loads((arguments.tables / f"{n}.json").read_text()) for n in names}
    kinds = collections.defaultdict(list)
    for name in names:
        kinds[tuple(heads[name]["budgets"]), name.startswith("kernel")].append(name)
    for (budgets, is_kernel), members in kinds.items():
        print(f"\n{'kernel' if is_kernel else 'serving'} tables, {' / '.join(map(str, budgets))} trials: {', '.join(members)}\n\n{HEAD}")
        for sampler in samplers:
            studies = [s for n in members for s in runs.get((n, sampler), {}).values()]
            if studies:
                print(row(sampler, studies, budgets, chance))
    for name in names:
        budgets = heads[name]["budgets"]
        ours = list(runs.get((name, OURS), {}).values())
        print(f"\n{name}\n\n{HEAD}")
        for sampler in samplers:
            studies = list(runs.get((name, sampler), {}).values())
            if not studies:
                continue
            line = row(sampler, studies, budgets, chance)
            low, high = interval([s["trace"][budgets[-1] - 1] for s in studies], chance)
            line += f" last {low:.3f}..{high:.3f}"
            if ours and sampler != OURS:
                ps = [p_value([s["trace"][b - 1] for s in ours], [s["trace"][b - 1] for s in studies], chance) for b in budgets]
                line += " p " + " / ".join(f"{p:.3f}" for p in ps)
            print(line)


if __name__ == "__main__":
    main()
