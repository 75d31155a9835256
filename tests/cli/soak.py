"""Starts many tasks while hosts are killed at random moments, and checks that no task is lost and no end is wrong.

  python3 tests/cli/soak.py TETHER [TASKS]     10,000 tasks without a number

Commands that start tasks, take completions, kill tasks and collect garbage run beside each other in one store, and each
may be killed at any moment. A task's command says how it has to end. At the end the tool checks that

- every task whose id was printed has had its completion,
- every completion has the exit code that its command names, or is that of a task that was to be killed, or whose host
  died before it could start the task and print its id,
- nothing is left in the store once the last completion is acknowledged and collected.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time

TETHER = sys.argv[1]
TASKS = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
STARTERS = 2
FINISH_S = 120


class Soak:
    def __init__(self, folder):
        self.store = os.path.join(folder, "store")
        self.lock = threading.Lock()
        self.started, self.doomed = set(), []
        self.unstarted = set()  # their host died between recording and starting them
        self.completions, self.problems = {}, []
        self.next, self.killed_hosts = 0, 0
        self.over = False

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def tether(self, *arguments, death=0.0, longest_ms=0):
        """Runs the command, and kills it with the probability `death` within longest_ms."""
        process = subprocess.Popen([TETHER, "--store", self.store, *arguments], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        killed = random.random() < death
        if killed:
            time.sleep(random.uniform(0, longest_ms / 1000))
            process.kill()
        out, err = process.communicate()
        killed = killed and process.returncode == -9
        with self.lock:
            self.killed_hosts += killed
        return out, err, None if killed else process.returncode

    def take(self):
        with self.lock:
            self.next += 1
            return self.next if self.next <= TASKS else None

    def start_tasks(self):
        while (number := self.take()) is not None:
            doomed = number % 50 == 0
            command = "exec sleep 1000" if doomed else f"echo {number}; exit {number % 200}"
            out, err, code = self.tether("run", "--", "sh", "-c", command, death=0.3, longest_ms=10)
            match = re.fullmatch(r"(\S+)\n", out)
            if code not in (0, None) or (code == 0 and not match):
                self.problem(f"run: exit {code}: {out} {err}")
            if match:
                with self.lock:
                    self.started.add(match[1])
                    if doomed:
                        self.doomed.append(match[1])

    def note(self, line, whole):
        try:
            task = json.loads(line)
        except json.JSONDecodeError:
            if whole:
                self.problem(f"completions: no JSON: {line}")
            return
        wanted = re.search(r"exit (\d+)", task["command"])
        if task["reason"] == "never started" and task["output_preview"] == "":
            with self.lock:
                self.unstarted.add(task["task_id"])
            return
        got = (task["status"], task["exit_code"])
        if wanted and got != (("completed", 0) if wanted[1] == "0" else ("failed", int(wanted[1]))):
            self.problem(f"wrong end: {line}")
        if not wanted and task["status"] != "killed":
            self.problem(f"wrong end of a task that was to be killed: {line}")
        with self.lock:
            if self.completions.setdefault(task["task_id"], got) != got:
                self.problems.append(f"two ends: {line}")

    def drain(self, death):
        out, err, code = self.tether("--json", "completions", "--drain", death=death, longest_ms=40)
        if code not in (0, None):
            self.problem(f"completions: exit {code}: {err}")
        lines = out.splitlines(keepends=True)
        for i, line in enumerate(lines):
            self.note(line, code == 0 or i < len(lines) - 1)
        return len(lines)

    def drain_often(self):
        while not self.over:
            self.drain(0.5)

    def collect_often(self):
        while not self.over:
            _, err, code = self.tether("gc", "--older-than", "0", death=0.5, longest_ms=40)
            if code not in (0, None):
                self.problem(f"gc: exit {code}: {err}")
            time.sleep(random.uniform(0, 0.3))

    def kill_often(self):
        while not self.over:
            with self.lock:
                task = self.doomed.pop() if self.doomed else None
            if task is None:
                time.sleep(0.05)
                continue
            _, err, code = self.tether("kill", "--grace", "0", task, death=0.3, longest_ms=20)
            if code is None:
                with self.lock:
                    self.doomed.insert(0, task)
            elif code != 0 and task not in self.completions:
                self.problem(f"kill: exit {code}: {err}")

    def live(self):
        out, _, code = self.tether("--json", "list")
        return [json.loads(line) for line in out.splitlines()] if code == 0 else None

    def finish(self):
        """Ends what still runs, and takes the last completions."""
        end = time.monotonic() + FINISH_S
        while (tasks := self.live()) and time.monotonic() < end:
            for task in tasks:
                if "sleep 1000" in task["command"]:
                    self.tether("kill", "--grace", "0", task["task_id"])
        if tasks:
            self.problem(f"{len(tasks)} tasks do not end, such as {tasks[0]}")
        while self.drain(0) > 0:
            pass
        left = ["?"]
        while left and time.monotonic() < end:
            self.tether("gc", "--older-than", "0")
            left = self.leftovers()
        if left:
            self.problem(f"left in the store: {left[:5]}")
        wrong = self.unstarted & (self.started | self.completions.keys())
        if wrong:
            self.problem(f"not started, but an id was printed: {sorted(wrong)[:5]}")
        missing = self.started - self.completions.keys()
        if missing:
            self.problem(f"{len(missing)} tasks had no completion, such as {sorted(missing)[:5]}")

    def leftovers(self):
        found = []
        for key in os.listdir(self.store):
            for name in ("exits", "tasks"):
                path = os.path.join(self.store, key, name)
                if os.path.isdir(path):
                    found += [os.path.join(name, entry) for entry in os.listdir(path)]
        if os.path.isdir(quarantine := os.path.join(self.store, "quarantine")):
            found += [os.path.join("quarantine", entry) for entry in os.listdir(quarantine)]
        return [entry for entry in found if "/.tmp-" not in entry]

    def run(self):
        starters = [threading.Thread(target=self.start_tasks) for _ in range(STARTERS)]
        others = [threading.Thread(target=f) for f in (self.drain_often, self.collect_often, self.kill_often)]
        for thread in starters + others:
            thread.start()
        shown = time.monotonic()
        while any(thread.is_alive() for thread in starters):
            time.sleep(0.2)
            if sys.stderr.isatty() and time.monotonic() - shown > 2:
                shown = time.monotonic()
                print(f"{min(self.next, TASKS)} of {TASKS} tasks", file=sys.stderr)
        self.over = True
        for thread in others:
            thread.join()
        self.finish()


def main():
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tether-soak-", ignore_cleanup_errors=True) as folder:
        soak = Soak(folder)
        soak.run()
    for text in soak.problems[:20]:
        print(f"soak: {text}")
    print(f"{len(soak.started)} tasks with a printed id, {len(soak.completions)} completions, "
          f"{soak.killed_hosts} killed hosts, {len(soak.problems)} problems, {time.monotonic() - begun:.0f} s")
    return 1 if soak.problems else 0


sys.exit(main())
