"""Owns the test of the samples in documents: each block of sh or python runs as it is written, in a folder and a store of its own.

A block of text right behind it is what it prints, on both streams; `...` stands for anything, and an id for any id. A block
without one has to exit with 0. A block whose first line is a comment with the words "not run" is left out.

Must not: touch the user's store. Run as `python3 samples.py BUILD PAGE...`.
"""
import pathlib
import re
import sys
import tempfile

sys.dont_write_bytecode = True
import sandbox  # noqa: E402

BLOCK = re.compile(r"^```(sh|bash|python)\n(.*?)^```\n(?:\n?```text\n(.*?)^```\n)?", re.M | re.S)
ID = r"\bt[0-9a-z]{11}\b"


def run(build, language, text):
    """What the block prints, and its exit code."""
    with tempfile.TemporaryDirectory(prefix="samples-") as folder:
        command = [sys.executable, "-"] if language == "python" else ["bash", "-s"]
        return sandbox.run(command, build, pathlib.Path(folder), text)


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
        print("FAILED: %s:%d exited with %s and printed:\n%s\ninstead of:\n%s" % (page, line, code, said, expected if expected is not None else "(anything, with 0)"))
    return failed, passed


def main():
    build, pages = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    failed = 0
    for page in pages:
        bad, good = check(build, page)
        print("%s: %d samples do what the page says, %d do not" % (page, good, bad))
        failed += bad + (good + bad == 0)
    sys.exit(failed != 0)


main()
