"""Owns the test of the samples in documents: each block of sh or python runs as it is written, in a folder and a store of its own.

A block of text right behind it is what it prints, on both streams; `...` stands for anything, and an id for any id. A block
without one has to exit with 0. A block whose first line is a comment with the words "not run" is left out.

Must not: touch the user's store. Run as `python3 samples.py BUILD PAGE...`.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLOCK = re.compile(r"^```(sh|bash|python)\n(.*?)^```\n(?:\n?```text\n(.*?)^```\n)?", re.M | re.S)
ID = r"\bt[0-9a-z]{11}\b"


def environment(build, folder):
    own = {name: value for name, value in os.environ.items() if not name.startswith("TETHER_")}
    own.update(
        HOME=folder,
        PATH=build + os.pathsep + own["PATH"],
        TETHER_STORE=os.path.join(folder, "store"),
        TETHER_MONITOR=os.path.join(build, "tether-monitor"),
        TETHER_LIBRARY=os.path.join(build, "libtether.so"),
        PYTHONPATH=os.path.join(ROOT, "bindings", "python", "src"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    return own


def run(build, language, text):
    """What the block prints, and its exit code."""
    with tempfile.TemporaryDirectory(prefix="samples-") as folder:
        variables = environment(build, folder)
        command = [sys.executable, "-"] if language == "python" else ["bash", "-s"]
        try:
            # A pipe as output would have to be closed by all that the block leaves running.
            with open(os.path.join(folder, ".said"), "w+b") as said:
                done = subprocess.run(command, input=text.encode(), stdout=said, stderr=subprocess.STDOUT, cwd=folder, env=variables, timeout=60)
                said.seek(0)
                return said.read().decode(errors="replace"), done.returncode
        finally:
            subprocess.run(["tether", "kill", "--all", "--grace", "0"], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def matches(expected, said):
    expected = re.sub(ID, "ID", expected).strip()
    pattern = ".*?".join(re.escape(part) for part in expected.split("..."))
    return re.fullmatch(pattern, re.sub(ID, "ID", said).strip(), re.S) is not None


def check(build, page):
    """The number of blocks that do not do what the page says, and of those that do."""
    with open(page) as file:
        text = file.read()
    failed = passed = 0
    for found in BLOCK.finditer(text):
        language, block, expected = found.groups()
        if "not run" in block.split("\n", 1)[0]:
            continue
        said, code = run(build, language, block)
        if matches(expected, said) if expected is not None else code == 0:
            passed += 1
            continue
        failed += 1
        line = text.count("\n", 0, found.start()) + 1
        print("FAILED: %s:%d exited with %d and printed:\n%s\ninstead of:\n%s" % (page, line, code, said, expected if expected is not None else "(anything, with 0)"))
    return failed, passed


def main():
    build, pages = os.path.abspath(sys.argv[1]), sys.argv[2:]
    os.environ["PATH"] = build + os.pathsep + os.environ["PATH"]
    failed = 0
    for page in pages:
        bad, good = check(build, page)
        print("%s: %d samples do what the page says, %d do not" % (page, good, bad))
        failed += bad + (good + bad == 0)
    sys.exit(failed != 0)


main()
