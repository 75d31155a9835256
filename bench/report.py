#!/usr/bin/env python3
"""Turns results of the benchmarks into tables: bench/report.py RESULTS LIMITS PAGE

RESULTS has the JSON lines that bench/all collects, LIMITS is bench/limits. Writes the tables into PAGE (Markdown),
between lines <!-- begin NAME --> and <!-- end NAME -->. tether-bench-plot (bench/plot.c) draws the plots.
"""
import json
import math
import re
import sys


class Results:
    """The lines of a results file, found by what was measured."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if line.strip()]
        self.machine = lines[0]
        self.lines = lines[1:]

    def find(self, **wanted):
        return [line for line in self.lines if all(line.get(key) == value for key, value in wanted.items())]

    def one(self, **wanted):
        found = self.find(**wanted)
        return found[0] if found else None

    def values(self, key, **wanted):
        """The different values of a key, in the order of the file."""
        return list(dict.fromkeys(line[key] for line in self.find(**wanted) if key in line))


# --- Numbers and tables ---


def number(value):
    if value == 0:
        return "0"
    if value >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(value)))
    return f"{value:.{min(digits, 4)}f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def cell(line, with_ratio=True):
    if line is None:
        return "-"
    ratio = f" · {line['ratio']:,.2f}x" if with_ratio else ""
    return f"{number(line['median'])} ({number(line['p99'])}){ratio}"


def memory(mib):
    return "0 MiB" if mib == 0 else f"{mib // 1024} GiB" if mib >= 1024 else f"{mib} MiB"


def by_parameter(results, suite, metric, place, heads):
    """A row per contender, a column per value of the parameter."""
    wanted = {"suite": suite, "metric": metric, "place": place}
    at = results.values("at", **wanted) or [None]
    rows = []
    for name in results.values("contender", **wanted):
        cells = [results.one(contender=name, at=value, **wanted) if value is not None else
                 results.one(contender=name, **wanted) for value in at]
        rows.append([name] + [cell(line) for line in cells])
    return table(["ms"] + [heads(value) for value in at], rows)


def sections(results, suite, metrics, heads):
    """Tables of a suite, for each metric and file system, each with its plot."""
    text = []
    for metric in metrics:
        for place in results.values("place", suite=suite, metric=metric):
            text.append(f"**{metric}, {place}**\n\n{by_parameter(results, suite, metric, place, heads)}")
    return "\n\n".join(text)


def ended_table(results):
    rows = []
    for suite in results.values("suite"):
        if not suite.startswith("ended: "):
            continue
        call = suite[len("ended: "):]
        cells = [results.one(suite=suite, contender=name) for name in ("none", "acknowledged", "pending")]
        rows.append([call] + [cell(line, cells[0] is not None) for line in cells])
    return table(["ms", *ended_heads(results)], rows)


def ended_heads(results):
    filled = {line["contender"]: line["at"] for line in results.find(suite="ended")}
    return ["none", *(f"{filled.get(name, 0):,} {name}" for name in ("acknowledged", "pending"))]


def live_table(results):
    rows = []
    for at in results.values("at", suite="live"):
        for line in results.find(suite="live", at=at):
            value = line.get("median", line.get("value"))
            unit = line["unit"] if line["metric"] != "processor" else "ms of processor time"
            what = "" if line["metric"] in ("elapsed", "processor") else f", {line['metric']}"
            rows.append([f"{at:,}", line["contender"] + what, number(value), unit])
    return table(["live tasks", "what", "median or value", "unit"], rows)


def machine_table(machine):
    return table(["", ""], [[key, str(value)] for key, value in machine.items()])


# --- Goals ---


def ratio_goals(results, suite, metric, label, most):
    """The worst ratio of tether to the floor, for each file system."""
    rows = []
    for place in results.values("place", suite=suite, metric=metric):
        ratios = []
        for at in results.values("at", suite=suite, metric=metric, place=place):
            wanted = {"suite": suite, "metric": metric, "place": place, "at": at}
            floor, tether = results.one(contender="floor", **wanted), results.one(contender="tether", **wanted)
            if floor and tether:
                ratios.append(tether["median"] / floor["median"])
        if ratios:
            text = ", ".join(f"{ratio:.2f}" for ratio in ratios)
            rows.append([f"{label}, {place}: at most {most} times the floor at each heap size", text, max(ratios) <= most])
    return rows


def command_goals(results):
    rows = []
    for place in results.values("place", suite="command"):
        median = {line["contender"]: line["median"] for line in results.find(suite="command", place=place)}
        if "nq" in median and "tsp" in median:
            ratio = median["tether run"] / max(median["nq"], median["tsp"])
            rows.append([f"`tether run -- true`, {place}: at most 2 times the slower of nq and tsp", f"{ratio:.2f}", ratio <= 2])
    return rows


def throughput_goals(results):
    """A task needs two processes, and the loop one: what the floor reaches is the most that can be had."""
    rows = []
    for place in results.values("place", suite="throughput"):
        wanted = {"suite": "throughput", "metric": "per command", "place": place, "at": 64}
        loop, floor, tether = (results.one(contender=name, **wanted) for name in ("loop", "floor", "tether"))
        if loop and tether:
            share = loop["median"] / tether["median"]
            text = f"{share:.2f}" + (f" (the floor: {loop['median'] / floor['median']:.2f})" if floor else "")
            rows.append([f"throughput with 64 in flight, {place}: at least 0.6 of a bare loop", text, share >= 0.6])
    return rows


def ended_goals(results):
    rows = []
    for suite in results.values("suite"):
        call = suite[len("ended: "):] if suite.startswith("ended: ") else ""
        line = results.one(suite=suite, contender="acknowledged")
        if call and call not in ("list all", "status of an old task"):
            ratio = line["ratio"]
            rows.append([f"{call} with {line['at']:,} ended and acknowledged tasks: at most 1.10 times that with none",
                         f"{ratio:,.2f}", ratio <= 1.1])
    return rows


def live_goals(results):
    goals = [("list running", "processor", 5, "ms of work for a list of {} running tasks: under 5", 1000),
             ("idle", "wake-ups in 10 s", 0, "wake-ups in 10 s, idle, {} live tasks: 0", None),
             ("idle, 5 waiters", "wake-ups in 10 s", 0, "wake-ups in 10 s, 5 waiting calls, {} live tasks: 0", None),
             ("tether", "heap", 1024, "bytes of heap per live task, of {}: under 1024", None),
             ("host and monitors", "memory", 2048, "MiB of memory of the host and all monitors, {} live tasks: under 2048", None),
             ("tether", "descriptors", 0, "descriptors per live task, of {}: none", None)]
    rows = []
    for contender, metric, most, label, at in goals:
        for line in results.find(suite="live", contender=contender, metric=metric):
            if at in (None, line["at"]):
                value = line.get("median", line.get("value"))
                rows.append([label.format(f"{line['at']:,}"), number(value), value <= most])
    return rows


def limit_goals(path):
    """Goals of what ci/bench counts. A limit is at least what was counted."""
    rows = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 4)
            if line.startswith("#") or len(words) < 5 or words[3] == "-":
                continue
            name, limit, goal, what = words[0], int(words[1]), int(words[3]), words[4].strip()
            rows.append([f"`{name}`: at most {goal} ({what})", f"at most {limit}", limit <= goal])
    return rows


def goals_table(results, limits):
    rows = (ratio_goals(results, "start", "start", "spawn call", 1.7) + ratio_goals(results, "start", "told", "start to told", 1.5) +
            ratio_goals(results, "text", "told", "start to told of `sh -c true`", 1.5) + command_goals(results) +
            throughput_goals(results) + ended_goals(results) + live_goals(results) + limit_goals(limits))
    met = sum(row[2] for row in rows)
    text = f"{met} of {len(rows)} goals are met.\n\n"
    return text + table(["goal", "measured", "met"], [[row[0], row[1], "yes" if row[2] else "**no**"] for row in rows])


# --- The page ---


def fill(page, name, text):
    pattern = re.compile(f"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    page, count = pattern.subn(lambda found: f"{found.group(1)}\n{text}\n\n{found.group(2)}", page)
    if count != 1:
        sys.exit(f"report.py: the page has {count} places for {name}")
    return page


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: report.py RESULTS LIMITS PAGE")
    results = Results(sys.argv[1])
    with open(sys.argv[3], encoding="utf-8") as file:
        page = file.read()
    in_memory = lambda at: f"host with {memory(at)}"
    parts = {"machine": machine_table(results.machine), "goals": goals_table(results, sys.argv[2]),
             "start": sections(results, "start", ("start", "told"), in_memory),
             "text": sections(results, "text", ("told",), in_memory),
             "pattern": sections(results, "pattern", ("told",), lambda at: "median (p99) · ratio"),
             "throughput": sections(results, "throughput", ("per command",), lambda at: f"{at} in flight"),
             "command": sections(results, "command", ("start",), lambda at: "median (p99) · ratio"),
             "ended": ended_table(results), "live": live_table(results)}
    for name, text in parts.items():
        page = fill(page, name, text)
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
