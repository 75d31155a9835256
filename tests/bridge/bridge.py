"""Checks that what real hosts do to a task is a run of docs/model/journal.pml.

  python3 tests/bridge/bridge.py TETHER [SCENARIO...]

Hosts run under strace (scenarios.py, hosts.py, trace.py). What they did to each task is translated into the steps of the model (steps.py),
and spin looks for a run of the model with exactly these steps (model.py). Then traces that were changed so that they break a rule must be
refused (mutations.py), and orders of steps that seldom happen accepted (orders.py).
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

import mutations
import orders
import scenarios
import steps
from hosts import Stage
from model import Model, text_of

WORKERS = 2
# Not steps of hosts: other names of the model's mtype, and what no host may do.
NO_STEPS = {"none", "running", "removed", "FOREIGN", "LIMIT"}


def prepare(folder, tether):
    """A store with a task that has ended, so that no later host is the first one."""
    store = os.path.join(folder, "template")
    for arguments in (["run", "--wait", "--", "true"], ["gc", "--older-than", "0"], ["run", "--wait", "--", "true"]):
        subprocess.run([tether, "--store", store, *arguments], check=True, stdout=subprocess.DEVNULL)
    return store


def named_tasks(logs, session):
    return [task for log in logs for call in log.calls if call.process is log.root and (task := steps.named_by(call, session))]


class Bridge:
    def __init__(self, folder, tether):
        self.folder, self.tether = folder, tether
        self.template = prepare(folder, tether)
        pan = os.path.join(folder, "model")
        os.mkdir(pan)
        self.model = Model(pan)
        self.traces, self.refused, self.problems, self.count = {}, set(), [], 0
        self.no_process = self.failing_start()

    def play(self, scenario, fault, name):
        """Runs a scenario. Without a fault, returns the calls at which the host that is to meet one can die."""
        folder = tempfile.mkdtemp(prefix="stage-", dir=self.folder)
        stage = Stage(folder, self.tether, self.template)
        stage.fault = fault
        stage.no_process = self.no_process
        try:
            scenario(stage)
            logs = stage.logs()
        except (OSError, ValueError, StopIteration) as problem:
            self.problems.append(f"{name}: {problem!r}")
            return []
        for task in named_tasks(logs, stage.session):
            self.check(name, steps.translate(logs, stage.session, task), folder)
        faulty = logs[stage.hosts.index(stage.fault_host)] if stage.fault_host else None
        points = steps.points(faulty, stage.session) if faulty and not fault else []
        shutil.rmtree(folder)
        return points

    def check(self, name, trace, folder):
        self.count += 1
        key = tuple(trace)
        if key in self.traces:
            return
        self.traces[key] = name
        if not self.model.is_run(trace, folder):
            good = self.model.longest_run(trace, folder)
            self.refused.add(key)
            self.problems.append(f"{name}: no run of the model: {text_of(trace[:good])}  -->  {text_of(trace[good:])}")

    # --- All scenarios ---

    def failing_start(self):
        """What lets the system start no process: the host's call that would."""
        folder = tempfile.mkdtemp(prefix="stage-", dir=self.folder)
        stage = Stage(folder, self.tether, self.template)
        scenarios.run(stage)
        (log,) = stage.logs()
        name, number, _ = next(point for point in steps.points(log, stage.session) if point[2].child is not None)
        return f"{name}:error=EAGAIN:when={number}"

    def faults(self, scenario, points):
        """The deaths and failures of the faulty host of a scenario."""
        for name, number, call in points:
            yield f"dies at {name} {number}", {"inject": [f"{name}:signal=KILL:when={number}"]}
            if scenario in scenarios.TEARING and name == "write":
                yield f"is torn at {name} {number}", {"inject": [], "file_limit": torn_at(call)}
                yield f"finds a full disk at {name} {number}", {"inject": [f"{name}:error=ENOSPC:when={number}"]}

    def run(self, names):
        wanted = [s for s in scenarios.FATAL + scenarios.TOGETHER if not names or s.__name__ in names]
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            first = {scenario: pool.submit(self.play, scenario, {}, scenario.__name__) for scenario in wanted}
            later = []
            for scenario, future in first.items():
                points = future.result()
                if scenario in scenarios.FATAL:
                    later += [pool.submit(self.play, scenario, fault, f"{scenario.__name__}, {text}")
                              for text, fault in self.faults(scenario, points)]
            for future in later:
                future.result()
            for name, trace in orders.traces():
                self.check(name, trace, tempfile.mkdtemp(dir=self.folder))
            good = [trace for trace in self.traces if trace not in self.refused]
            changed = mutations.choose(good)
            answers = list(pool.map(lambda change: self.model.is_run(change[1], tempfile.mkdtemp(dir=self.folder)), changed))
        accepted = [change for change, answer in zip(changed, answers) if answer]
        self.problems += [f"a trace with {name} is a run of the model: {text_of(trace)}" for name, trace in accepted]
        seen = {kind for trace in self.traces for kind, _ in trace}
        if not names and (unseen := set(self.model.kinds) - NO_STEPS - seen):
            self.problems.append(f"no host made these steps: {sorted(unseen)}")
        for problem in self.problems:
            print(f"bridge: {problem}")
        print(f"bridge: {self.count} tasks, {len(self.traces)} different traces with "
              f"{sum(len(t) for t in self.traces)} steps; {len(self.refused)} are no run of the model")
        print(f"bridge: {len(changed)} traces with a step exchanged, left out or added; {len(accepted)} are a run of the model")
        return 1 if self.problems or not changed else 0


def torn_at(call):
    """A limit for the size of the file that cuts the line of this write in two."""
    def limit(stage):
        return os.path.getsize(os.path.join(stage.session, "journal", "journal.jsonl")) + len(call.strings[0]) // 2
    return limit


def main():
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tether-bridge-", ignore_cleanup_errors=True) as folder:
        bridge = Bridge(folder, os.path.abspath(sys.argv[1]))
        code = bridge.run(sys.argv[2:])
    print(f"bridge: {time.monotonic() - begun:.0f} s")
    return code


if __name__ == "__main__":
    sys.exit(main())
