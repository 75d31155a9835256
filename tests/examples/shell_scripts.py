#!/usr/bin/env python3
"""Runs each script of a file with bash and with the shell of examples/shell: exit status and standard output are the same.

    shell_scripts.py SHELL FILE [NAME-PART]

Without a difference it says how many scripts there were; it fails with fewer than 60. `--reference PROGRAM` runs another
shell in place of bash."""
import argparse
import concurrent.futures
import os
import subprocess
import sys
import tempfile

LIMIT = 30
EXPECTED = 60


def read_scripts(path):
    """Pairs of name and text."""
    with open(path) as file:
        parts = file.read().split("\n--- ")[1:]
    return [tuple(part.split("\n", 1)) for part in parts]


def run(shell, text):
    """Returns status and output. Each run has a folder and a store of its own."""
    with tempfile.TemporaryDirectory() as folder:
        work = os.path.join(folder, "work")
        os.mkdir(work)
        script = os.path.join(folder, "script")
        with open(script, "w") as file:
            file.write(text + "\n")
        environment = dict(os.environ, XDG_STATE_HOME=os.path.join(folder, "state"), LC_ALL="C")
        environment.pop("TETHER_SHELL_SESSION", None)
        try:
            done = subprocess.run([shell, script], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=LIMIT)
        except subprocess.TimeoutExpired as late:
            return "has not ended after %d s" % LIMIT, late.stdout, late.stderr
        return done.returncode, done.stdout, done.stderr


def compare(reference, shell, name, text):
    """Returns what is wrong, or nothing."""
    expected = run(reference, text)
    got = run(shell, text)
    if expected[:2] == got[:2]:
        return ""
    return "%s:\n  %s: %r\n  %s: %r" % (name, reference, expected, shell, got)


def check_comparison(reference):
    """A shell with another status, and one with another output, are noticed: else nothing here means anything."""
    with tempfile.TemporaryDirectory() as folder:
        for name, change in (("status", 'status=$?; exit $((status + 1))'), ("output", "status=$?; echo more; exit $status")):
            broken = os.path.join(folder, name)
            with open(broken, "w") as file:
                file.write('#!/bin/sh\n%s "$@"\n%s\n' % (reference, change))
            os.chmod(broken, 0o755)
            assert compare(reference, broken, name, "echo text; exit 3"), "a wrong %s is not noticed" % name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("shell")
    parser.add_argument("file")
    parser.add_argument("part", nargs="?", default="")
    parser.add_argument("--reference", default="bash")
    options = parser.parse_args()
    scripts = [script for script in read_scripts(options.file) if options.part in script[0]]
    shell = os.path.abspath(options.shell)
    check_comparison(options.reference)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        wrong = [text for text in pool.map(lambda s: compare(options.reference, shell, *s), scripts) if text]
    print("\n".join(wrong + ["%d scripts, %d different" % (len(scripts), len(wrong))]))
    if wrong or (not options.part and len(scripts) < EXPECTED):
        sys.exit(1)


main()
