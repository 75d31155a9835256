#!/usr/bin/env python3
"""An agent's loop over `tether serve --jsonl`: jsonl_agent.py TETHER STORE COMMAND...

Starts the commands in the background, goes on at once, and hears of each end as it happens. Needs nothing but a pipe; if this program
dies, the commands go on, and its next run is told what it has missed.
"""
import itertools
import json
import subprocess
import sys


class Tether:
    def __init__(self, command, store):
        self.child = subprocess.Popen([command, "--store", store, "serve", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ids = itertools.count(1)
        self.events = []

    def read(self):
        return json.loads(self.child.stdout.readline())

    def call(self, verb, **args):
        number = next(self.ids)
        self.child.stdin.write(json.dumps({"id": number, "verb": verb, "args": args}).encode() + b"\n")
        self.child.stdin.flush()
        while (answer := self.read()).get("id") != number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def next_event(self):
        return self.events.pop(0) if self.events else self.read()


def tell(tether, when, task):
    """What a model would read. Only then the end is acknowledged: if this program dies before, it is told again."""
    code = task["exit_code"] if task["exit_code"] is not None else "not known"
    print(f"{when}: {task['command']}: {task['status']}, exit code {code}", flush=True)
    tether.call("ack", task_ids=[task["task_id"]])


def main(command, store, *commands):
    tether = Tether(command, store)
    tether.call("subscribe")
    for task in tether.call("completions")["completions"]:
        tell(tether, "ended while nobody was here", task)
    waiting = {task["task_id"] for task in tether.call("list")["tasks"]}
    waiting |= {tether.call("run", command=text, wait_ms=0)["task_id"] for text in commands}
    print(f"{len(waiting)} run; the agent goes on", flush=True)
    while waiting:
        event = tether.next_event()
        if event.get("event") == "ended" and event["task"]["task_id"] in waiting:
            waiting.remove(event["task"]["task_id"])
            tell(tether, "ended", event["task"])


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
