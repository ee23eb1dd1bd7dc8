"""Draws best-so-far against trials and against seconds, one SVG for each kind of table.

usage: plot.py --tables DIR --out DIR RUNS.jsonl [MORE.jsonl.gz ...]

Lines are means over studies and tables, of samplers by name; later files are stored studies. Seconds are shares of the
longest median study of a table, so that tables can be averaged; studies stored with their total alone count every trial
as dear as the others.
"""

import argparse
import collections
import json
import pathlib
import statistics

import compare

COLOURS = ("#1b6ca8", "#d1495b", "#edae49", "#66a182", "#8d6a9f", "#5c5c5c", "#b07d62", "#2e4057")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 420, 300, 46, 28, 40
SHOWN = ("gp", "stored gp", "stored gp-log", "stored tpe", "stored tpe-reference", "stored smac", "stored random")
TITLES = {"stored gp": "Optuna GPSampler", "stored gp-log": "GPSampler, log score", "stored tpe": "Optuna TPE", "stored tpe-reference": "TPE, univariate",
          "stored smac": "SMAC3", "stored random": "random", "gp": "autotuner gp"}


def by_seconds(study, horizon, points):
    trace, spent = study["trace"], compare.spent_of(study)
    values, at, best = [], 0, 0.0
    for point in range(1, points + 1):
        while at < len(trace) and spent[at] <= horizon * point / points:
            best = trace[at]
            at += 1
        values.append(best)
    return values


def panel(x, title, axis, last, lines):
    parts = [f'<g transform="translate({x},0)"><text x="{LEFT}" y="16" font-weight="bold">{title}</text>']
    plot_width, plot_height = WIDTH - LEFT - 10, HEIGHT - TOP - BOTTOM
    for tick in (0, 0.25, 0.5, 0.75, 1):
        y = TOP + plot_height * (1 - tick)
        parts.append(f'<path d="M{LEFT},{y:.1f}h{plot_width}" stroke="#ddd"/><text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for tick in (0, 0.5, 1):
        parts.append(f'<text x="{LEFT + plot_width * tick:.0f}" y="{HEIGHT - 22}" text-anchor="middle">{last * tick:g}</text>')
    parts.append(f'<text x="{LEFT + plot_width / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{axis}</text>')
    for number, (name, values) in enumerate(lines):
        points = " ".join(f"{LEFT + plot_width * (i + 1) / len(values):.1f},{TOP + plot_height * (1 - v):.1f}" for i, v in enumerate(values))
        width = 2.5 if name == compare.OURS else 1.3
        parts.append(f'<polyline points="{points}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="{width}"/>')
    return "".join(parts) + "</g>"


def draw(path, kind, runs, members, budget):
    trials, seconds = [], []
    costs = all(any(compare.seconds_to(s) for s in runs.get((n, compare.OURS), {}).values()) for n in members)
    horizon = {n: statistics.median((s.get("spent") or [0])[-1] for s in runs[n, compare.OURS].values()) for n in members}
    for sampler in SHOWN:
        studies = [(n, s) for n in members for s in runs.get((n, sampler), {}).values()]
        if not studies:
            continue
        trials.append((sampler, [statistics.fmean(s["trace"][t] for _, s in studies) for t in range(budget)]))
        if costs:
            rows = [by_seconds(s, horizon[n], 100) for n, s in studies]
            seconds.append((sampler, [statistics.fmean(r[i] for r in rows) for i in range(100)]))
    panels = [panel(0, f"{kind} tables: best / optimum", "trials", budget, trials)]
    if costs:
        panels.append(panel(WIDTH, "at true cost", "seconds, as a share of a whole study of gp", 1, seconds))
    legend = "".join(
        f'<path d="M{LEFT + 8},{HEIGHT + 12 + 15 * i}h18" stroke="{COLOURS[i % len(COLOURS)]}" stroke-width="2"/>'
        f'<text x="{LEFT + 32}" y="{HEIGHT + 16 + 15 * i}">{TITLES.get(name, name)}</text>'
        for i, (name, _) in enumerate(trials))
    height = HEIGHT + 20 + 15 * len(trials)
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(panels)}" height="{height}" font-family="sans-serif" font-size="11">'
                    f'<rect width="100%" height="100%" fill="#fff"/>{"".join(panels)}{legend}</svg>\n')
    print(f"wrote {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("runs", type=pathlib.Path, nargs="+")
    arguments = parser.parse_args()
    runs, kinds = compare.read_runs(arguments.runs), collections.defaultdict(list)
    for name in sorted({table for table, sampler in runs if sampler == compare.OURS}):
        head = json.loads((arguments.tables / f"{name}.json").read_text())
        budget = head["budgets"][-1]
        kinds["kernel" if name.startswith("kernel") else "composed" if budget > 20 else "measured", budget].append(name)
    for (kind, budget), members in kinds.items():
        draw(arguments.out / f"optimizer-{kind}.svg", kind, runs, members, budget)


if __name__ == "__main__":
    main()
