#!/usr/bin/env python3
"""examples/jsonl_agent.py: it hears of the ends of its commands, and of what it has missed after it was killed. Arguments: the tether
command."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

TETHER = sys.argv[1]
AGENT = pathlib.Path(__file__).resolve().parents[2] / "examples/jsonl_agent.py"
room = pathlib.Path(tempfile.mkdtemp(prefix="tether-test-jsonl-"))
store = room / "store"


def begin(*commands):
    return subprocess.Popen([sys.executable, AGENT, TETHER, store, *commands], stdout=subprocess.PIPE, text=True)


def expect(what, value, wanted):
    if value != wanted:
        sys.exit(f"jsonl_agent: {what} is {value!r}, not {wanted!r}")


def tether(*words):
    return subprocess.run([TETHER, "--store", store, *words], stdout=subprocess.PIPE, text=True, check=True).stdout


try:
    first = begin("exit 3", "true")
    text, _ = first.communicate()
    lines = text.splitlines()
    expect("its first line", lines[0], "2 run; the agent goes on")
    expect("what it tells", sorted(lines[1:]), ["ended: exit 3: failed, exit code 3", "ended: true: completed, exit code 0"])
    expect("what is not acknowledged", tether("completions"), "")

    # It is killed while a task runs, which ends then; the next one is told.
    gate = room / "gate"
    second = begin(f"until [ -e {gate} ]; do sleep 0.05; done; exit 5")
    second.stdout.readline()
    second.kill()
    second.wait()
    gate.touch()
    # Exits with the code of the task.
    subprocess.run([TETHER, "--store", store, "wait", "@last"], check=False, stdout=subprocess.DEVNULL)
    third = begin()
    lines = third.communicate()[0].splitlines()
    expect("what it tells of before", [line.split(": ")[0] + ": " + line.split(": ")[-1] for line in lines if "here" in line],
           ["ended while nobody was here: failed, exit code 5"])
    expect("its exit", third.returncode, 0)
finally:
    subprocess.run([TETHER, "--store", store, "kill", "--all", "--grace", "0"], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    shutil.rmtree(room)
print("jsonl_agent: passed")
