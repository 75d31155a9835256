#!/usr/bin/env python3
"""Turns results of the benchmarks into tables and plots: bench/report.py RESULTS LIMITS PAGE

RESULTS has the JSON lines that bench/all collects, LIMITS is bench/limits. Writes plots (SVG) beside RESULTS, and
the tables into PAGE (Markdown), between lines <!-- begin NAME --> and <!-- end NAME -->.
"""
import json
import math
import os
import re
import sys

TETHER, FLOOR, OTHER, INK = "#1f6feb", "#6e7781", "#b6bfc9", "#1f2328"


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
            ended_goals(results) + live_goals(results) + limit_goals(limits))
    met = sum(row[2] for row in rows)
    text = f"{met} of {len(rows)} goals are met.\n\n"
    return text + table(["goal", "measured", "met"], [[row[0], row[1], "yes" if row[2] else "**no**"] for row in rows])


# --- Plots ---


def color_of(name):
    return TETHER if name.startswith("tether") or name.endswith("acknowledged") else FLOOR if name == "floor" else OTHER


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


def ticks(low, high):
    return [10.0 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


class Plot:
    """Horizontal bars from the left edge to the median and a line to the 99th percentile, on a logarithmic axis."""

    LEFT, WIDTH, ROW, TOP = 190, 520, 18, 40

    def __init__(self, title, values):
        marks = ticks(min(values) * 0.8, max(values))
        self.low, self.high = math.log10(marks[0]), math.log10(marks[-1])
        self.marks, self.title, self.parts, self.y = marks, title, [], self.TOP

    def x(self, value):
        return self.LEFT + self.WIDTH * (math.log10(value) - self.low) / (self.high - self.low)

    def text(self, x, y, text, anchor="start", weight="normal"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>')

    def group(self, name):
        self.y += 6
        self.text(8, self.y + 12, name, weight="bold")
        self.y += self.ROW

    def bar(self, name, median, p99):
        middle, end = self.y + self.ROW / 2, self.x(max(median, 10 ** self.low))
        self.text(self.LEFT - 6, middle + 4, name, anchor="end")
        self.parts.append(f'<rect x="{self.LEFT}" y="{self.y + 3}" width="{end - self.LEFT:.1f}" height="{self.ROW - 6}" fill="{color_of(name)}"/>')
        self.parts.append(f'<line x1="{end:.1f}" y1="{middle}" x2="{self.x(p99):.1f}" y2="{middle}" stroke="{INK}"/>')
        self.text(max(end, self.x(p99)) + 5, middle + 4, number(median))
        self.y += self.ROW

    def svg(self):
        height, right = self.y + 40, self.LEFT + self.WIDTH
        grid = []
        for mark in self.marks:
            x = self.x(mark)
            grid.append(f'<line x1="{x:.1f}" y1="{self.TOP}" x2="{x:.1f}" y2="{self.y}" stroke="#d0d7de"/>')
            grid.append(f'<text x="{x:.1f}" y="{self.y + 15}" text-anchor="middle">{mark:g} ms</text>')
        head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{right + 70}" height="{height}" font-family="sans-serif" '
                f'font-size="12" fill="{INK}">\n<rect width="100%" height="100%" fill="white"/>\n'
                f'<text x="8" y="20" font-size="14" font-weight="bold">{escape(self.title)}</text>')
        foot = f'<text x="8" y="{height - 6}" fill="{FLOOR}">bar: median, line: 99th percentile</text>\n</svg>\n'
        return "\n".join([head, *grid, *self.parts, foot])


def plot(path, title, groups):
    """groups: pairs of a name and of lines of results."""
    lines = [line for _, members in groups for line in members]
    if not lines:
        return
    drawing = Plot(title, [max(line[key], 1e-3) for line in lines for key in ("median", "p99")])
    for name, members in groups:
        if name:
            drawing.group(name)
        for line in members:
            drawing.bar(line["contender"], line["median"], line["p99"])
    with open(path, "w", encoding="utf-8") as file:
        file.write(drawing.svg())


def plot_suite(results, directory, suite, metric, title, heads):
    for place in results.values("place", suite=suite, metric=metric):
        wanted = {"suite": suite, "metric": metric, "place": place}
        at = results.values("at", **wanted)
        groups = [(heads(value), results.find(at=value, **wanted)) for value in at] or [("", results.find(**wanted))]
        file_system = "tmpfs" if place == "tmpfs" else "disk"
        name = re.sub(r"[^a-z]+", "-", f"{suite}-{metric}")
        plot(os.path.join(directory, f"{name}-{file_system}.svg"), f"{title}, {place}", groups)


def plot_ended(results, directory):
    names = dict(zip(("none", "acknowledged", "pending"), ended_heads(results)))
    suites = [suite for suite in results.values("suite") if suite.startswith("ended: ")]
    groups = [(suite[len("ended: "):], [dict(line, contender=names[line["contender"]]) for line in results.find(suite=suite)])
              for suite in suites]
    plot(os.path.join(directory, "ended.svg"), "Calls in a session in which many tasks have ended", groups)


def plot_all(results, directory):
    plot_suite(results, directory, "start", "start", "Spawn call, by memory of the host", lambda at: f"host with {memory(at)}")
    plot_suite(results, directory, "start", "told", "From start to known end, by memory of the host", lambda at: f"host with {memory(at)}")
    plot_suite(results, directory, "pattern", "told", "From start to known end of sh -c true", str)
    plot_suite(results, directory, "throughput", "per command", "Time per command", lambda at: f"{at} in flight")
    plot_suite(results, directory, "command", "start", "A command that starts a task", str)
    plot_ended(results, directory)


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
    plot_all(results, os.path.dirname(sys.argv[1]))
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
