#!/usr/bin/env python3
"""Completes words of the command in a real shell: complete.py bash|zsh|fish|pwsh|verb SHELL TETHER [PREFIX]

With PREFIX, the shell finds the completions where they were installed: bash by bash-completion, zsh in its fpath, fish below
XDG_DATA_DIRS, PowerShell by the path of the file, as in a profile.
bash and zsh run in a terminal; what stands on the line after a Tab is the result. fish and PowerShell tell what they would
offer; its program is what TETHER_TEST_PWSH says. "verb" asks the command itself, and compares it with its help."""
import json
import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import time

GLUE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "cli", "completions")
LIMIT = 60
BASH_COMPLETION = "/usr/share/bash-completion/bash_completion"
kind, shell, tether = sys.argv[1:4]
prefix = sys.argv[4] if len(sys.argv) > 4 else None
if prefix is not None:
    GLUE = os.path.join(prefix, "share", {"zsh": "zsh/site-functions", "pwsh": "tether"}.get(kind, ""))
if kind == "pwsh":
    # ci/test sets it (ci/pwsh fetches PowerShell).
    shell = os.environ.get("TETHER_TEST_PWSH", shell)
    if shell == "-":
        sys.exit(77)
HOSTILE = ["$(touch pwned)", "`touch pwned`", "a;touch pwned", "'\"$(touch pwned)", "nl\ntouch pwned", "esc\033[31m", "-x"]
BREAKS = " \t\n\"'><=;|&(:@"


class Place:
    """A folder with the command in the PATH, and a store with tasks in it."""

    def __init__(self, folder):
        self.folder = folder
        os.mkdir(os.path.join(folder, "bin"))
        os.mkdir(os.path.join(folder, "work"))
        os.mkdir(os.path.join(folder, "work", "a folder"))
        open(os.path.join(folder, "work", "a-file"), "w").close()
        os.symlink(tether, os.path.join(folder, "bin", "tether"))
        self.environment = dict(os.environ, PATH=os.path.join(folder, "bin") + ":/usr/bin:/bin", HOME=folder, TERM="dumb",
                                TETHER_STORE=os.path.join(folder, "store"), LC_ALL="C.UTF-8", POWERSHELL_TELEMETRY_OPTOUT="1",
                                XDG_CONFIG_HOME=folder, XDG_DATA_HOME=folder, XDG_CACHE_HOME=folder)
        self.environment.pop("TETHER_SESSION", None)
        if prefix is not None:
            self.environment["XDG_DATA_DIRS"] = os.path.join(prefix, "share") + ":/usr/share"

    def run(self, *words, **more):
        done = subprocess.run(["tether", *words], env=self.environment, cwd=os.path.join(self.folder, "work"),
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, **more)
        return done.stdout.decode(), done.stderr.decode(), done.returncode

    def start(self, name, *command):
        out, err, code = self.run("run", "--name=" + name, "--", *command)
        assert code == 0, err
        return out.strip()

    def whole(self):
        """Nothing of what was completed has run."""
        left = [name for folder in ("", "work") for name in os.listdir(os.path.join(self.folder, folder)) if name == "pwned"]
        assert not left, "something was executed"


class Terminal:
    """An interactive shell. keys() types, and returns all that came until the line is shown: <<LINE>>."""

    def __init__(self, place, command, setup):
        self.seen = ""
        child, self.file = pty.fork()
        if child == 0:
            os.chdir(os.path.join(place.folder, "work"))
            os.execve(command[0], command, place.environment)
        self.child = child
        os.write(self.file, (setup + "\necho rea''dy\n").encode())
        self.until(r"ready\r\n")

    def until(self, pattern):
        end = time.monotonic() + LIMIT
        while True:
            found = re.search(pattern, self.seen, re.S)
            if found:
                before, self.seen = self.seen[:found.end()], self.seen[found.end():]
                return found, before
            assert time.monotonic() < end, "no %s in %r" % (pattern, self.seen)
            if select.select([self.file], [], [], 1)[0]:
                self.seen += os.read(self.file, 65536).decode("utf-8", "replace")

    def keys(self, text):
        os.write(self.file, (text + "\x18\x10").encode())
        found, before = self.until(r"<<(.*?)>>")
        os.write(self.file, b"\x15")
        return found.group(1), before

    def close(self):
        os.close(self.file)
        os.waitpid(self.child, 0)


def expect(what, got, wanted):
    assert got == wanted, "%s: %r in place of %r" % (what, got, wanted)


def on_a_line(place, terminal, cases):
    for typed, wanted in cases:
        expect(typed, terminal.keys(typed + "\t")[0], wanted)
    place.whole()


COMMON = [
    ("tether lis", "tether list "),
    ("tether kill --orp", "tether kill --orphans "),
    ("tether run --supervisor mon", "tether run --supervisor monitor "),
    ("tether run --supervisor=mon", "tether run --supervisor=monitor "),
    ("tether list --status failed,kille", "tether list --status failed,killed "),
    ("tether list --session oth", "tether list --session other "),
    ("tether list --session=oth", "tether list --session=other "),
    ("tether --session other status oth", "tether --session other status otherwise "),
    ("true | tether status my", "true | tether status my\\ name "),
    ("tether status 'my", "tether status 'my name' "),
    ("tether status \"my", "tether status \"my name\" "),
    ("tether status my\\ n", "tether status my\\ name "),
    ("tether status @l", "tether status @last "),
    ("tether resume @l", "tether resume @l"),
    ("tether run -f a-f", "tether run -f a-file "),
    ("tether run --cwd a\\ ", "tether run --cwd a\\ folder/"),
    ("tether run --cwd=a\\ ", "tether run --cwd=a\\ folder/"),
    ("tether run -- basena", "tether run -- basename "),
    ("tether run -- cat a-f", "tether run -- cat a-file "),
    ("tether nosuch my", "tether nosuch my"),
    ("tether --store /nowhere/at/all status my", "tether --store /nowhere/at/all status my"),
]


def bash(place, ids):
    setup = ("PS1=; bind -x '\"\\C-x\\C-p\": printf \"<<%%s>>\\n\" \"$READLINE_LINE\"'; bind 'set bell-style none'; "
             "bind 'set page-completions off'; bind 'set enable-bracketed-paste off'; bind 'set completion-query-items 0'; . %s" % (BASH_COMPLETION if prefix is not None else GLUE + "/tether.bash"))
    terminal = Terminal(place, [shell, "--norc", "--noprofile", "-i"], setup)
    on_a_line(place, terminal, COMMON + [
        ("tether status ns:o", "tether status ns:one=two "),
        ("tether status ns:one=", "tether status ns:one=two "),
        ("tether status \\$", "tether status \\$\\(touch\\ pwned\\) "),
        ("tether status '`", "tether status '`touch pwned`' "),
        ("FOO=1 tether status my", "FOO=1 tether status my\\ name "),
    ])
    _, seen = terminal.keys("tether status my\t\t")
    _, seen = terminal.keys("tether status \t\t")
    assert "my\\ name  -- running  sleep 1000" in seen, seen
    assert ids["my name"] + "  -- running  my name" in seen, seen
    assert "\033[31m" not in seen and "\ntouch" not in seen, seen
    place.whole()
    os.remove(os.path.join(place.folder, "bin", "tether"))
    line, seen = terminal.keys("tether lis\t")
    expect("without the command", line, "tether lis")
    assert "not found" not in seen, seen
    terminal.close()


def zsh(place, ids):
    setup = ("PS1=; unsetopt zle_bracketed_paste prompt_cr prompt_sp beep; fpath=('%s' $fpath); autoload -Uz compinit; compinit -u -D; "
             "show() { print -r -- \"<<$BUFFER>>\" }; zle -N show; bindkey -e; bindkey '^X^P' show; bindkey '^U' kill-whole-line; "
             "LISTMAX=10000" % GLUE)
    terminal = Terminal(place, [shell, "-f", "-i"], setup)
    on_a_line(place, terminal, COMMON + [
        ("tether status ns:o", "tether status ns:one=two "),
        ("tether status \\$", "tether status \\$\\(touch\\ pwned\\) "),
        ("tether status '`", "tether status '`touch pwned`' "),
    ])
    _, seen = terminal.keys("tether status \t\t")
    assert re.search(r"my name +-- running  sleep 1000", seen), seen
    assert "\033[31m" not in seen and "\ntouch" not in seen, seen
    place.whole()
    os.remove(os.path.join(place.folder, "bin", "tether"))
    expect("without the command", terminal.keys("tether nosu\t")[0], "tether nosu")
    terminal.close()


def fish(place, ids):
    def offered(line):
        if prefix is not None:
            command = [shell, "-c", "complete -C $argv[1]", line]
        else:
            command = [shell, "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", GLUE + "/tether.fish", line]
        done = subprocess.run(command,
                              env=place.environment, cwd=os.path.join(place.folder, "work"), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=LIMIT)
        expect("standard error of " + line, done.stderr, "")
        return done.stdout.splitlines()

    cases(place, offered, ids, lambda value: value)
    os.remove(os.path.join(place.folder, "bin", "tether"))
    expect("without the command", [line for line in offered("tether lis") if line.startswith("list")], [])


def pwsh(place, ids):
    lines = os.path.join(place.folder, "lines")

    def ask(questions):
        with open(lines, "w") as file:
            json.dump(questions, file)
        script = (". '%s/tether.ps1'; foreach ($line in Get-Content -Raw '%s' | ConvertFrom-Json) { "
                  "$found = [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null); "
                  "ConvertTo-Json -Compress @($found.CompletionMatches | ForEach-Object { \"$($_.CompletionText)`t$($_.ToolTip)\" }) }"
                  % (GLUE, lines))
        done = subprocess.run([shell, "-NoProfile", "-NonInteractive", "-Command", script], env=place.environment,
                              cwd=os.path.join(place.folder, "work"), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=2 * LIMIT)
        expect("standard error", done.stderr, "")
        return dict(zip(questions, [json.loads(line) for line in done.stdout.splitlines()]))

    def quote(value):
        return value if re.fullmatch(r"[A-Za-z0-9_.\\/:=+-]+", value) else "'" + value.replace("'", "''") + "'"

    asked = []
    # All at once: PowerShell takes a second to start.
    try:
        cases(place, lambda line: asked.append(line) or Unknown(), ids, quote)
    except Unknown.Passed:
        pass
    answers = ask(asked)
    cases(place, lambda line: answers[line], ids, quote)
    os.remove(os.path.join(place.folder, "bin", "tether"))
    expect("without the command", ask(["tether stat"])["tether stat"], [])


class Unknown(list):
    """An answer that is not there yet."""

    class Passed(Exception):
        pass


def cases(place, offered, ids, quote):
    """What is offered, for shells that tell it: as lines VALUE TAB DESCRIPTION."""
    def check(line, wanted, absent=()):
        got = offered(line)
        if isinstance(got, Unknown):
            return
        for value, text in wanted:
            assert any(found.split("\t")[0] == quote(value) and text in found for found in got), "%s: no %s in %r" % (line, value, got)
        for value in absent:
            assert not any(found.split("\t")[0] == quote(value) for found in got), "%s: %s in %r" % (line, value, got)
        assert not any("\033" in found or "\n" in found for found in got), got

    check("tether lis", [("list", "list running tasks")])
    check("tether kill --", [("--orphans", "what ended tasks"), ("--store", "directory")], ["--cwd"])
    check("tether kill --signal ", [("TERM", ""), ("KILL", "")])
    check("tether list --status ", [("failed", ""), ("timed_out", "")])
    # For PowerShell a comma separates words.
    check("tether list --status failed,kille", [("killed" if kind == "pwsh" else "failed,killed", "")])
    check("tether list --session ", [("default", ""), ("other", "")])
    check("tether status ", [("my name", "running  sleep 1000"), (ids["my name"], "my name"), ("@last", ""),
                             ("$(touch pwned)", "completed"), ("ns:one=two", "")], ["-x"])
    check("tether rm ", [(ids["$(touch pwned)"], "completed")], ["my name"])
    check("true | tether kill my", [("my name", "running")])
    check("tether status 'my", [("my name", "running")])
    check("tether run --shell ", [("bash", ""), ("pwsh", "")])
    check("tether --session other status ", [("otherwise", "completed")], ["my name"])
    check("tether --store /nowhere/at/all status ", [], ["my name"])
    place.whole()


def verb(place, ids):
    def ask(*words, mode="zsh"):
        out, err, code = place.run("__complete", mode, "--", *words)
        expect("standard error", (err, code), ("", 0))
        return out.splitlines()

    def values(*words):
        return [line.split("\t")[0] for line in ask(*words)[1:]]

    verbs = values("")
    assert {"run", "list", "help"} <= set(verbs), verbs
    for name in verbs:
        text = place.run("help", name)[0]
        told = set(re.findall(r"^  (?:-\w(?: \w+)?, )?(--[a-z-]+)", text, re.M))
        missing = told - set(values(name, "--"))
        assert not missing, "%s: the help has %s, and the completions do not" % (name, missing)
        for option in re.findall(r"^  (?:-\w, )?(--?[a-z-]+) (?:WHICH|HOW|S)\b", text, re.M):
            offered = values(name, option, "")
            assert offered, "%s %s: no values" % (name, option)
            for value in offered:
                # The mistake behind it is told, so the value was read.
                err = place.run(name, option, value, "--no-such-option")[1]
                assert "no-such-option" in err, "%s %s %s: %s" % (name, option, value, err)
    for signal in values("kill", "--signal", ""):
        assert "no-such-option" in place.run("kill", "--signal", signal, "--no-such-option")[1], signal
    # Bad input: nothing on standard error, and nothing made.
    for words in ([], ["zsh"], ["zsh", "--"], ["bash"], ["bash", "x", "y"], ["nosuch", "--", ""], ["bash", "'\"\\", BREAKS, "x"]):
        out, err, code = place.run("__complete", *words)
        expect(words, (err, code), ("", 0))
    folder = os.path.join(place.folder, "nothing")
    expect("no store", values("--store", folder, "status", ""), [])
    assert not os.path.exists(folder)
    before = sorted(os.listdir(place.environment["TETHER_STORE"]))
    expect("no session", values("--session", "nosuch", "status", ""), [])
    expect("sessions", sorted(os.listdir(place.environment["TETHER_STORE"])), before)
    # With many tasks, those that run and the newest are read, of others the ids are known.
    folders = [os.path.join(place.environment["TETHER_STORE"], entry, "tasks") for entry in before]
    folder = [name for name in folders if os.path.isdir(os.path.join(name, ids["my name"]))][0]
    for i in range(300):
        os.mkdir(os.path.join(folder, "zz%d" % i))
    offered = values("status", "")
    assert "my name" in offered and ids["ns:one=two"] in offered and len(offered) < 60, offered
    assert len(values("status", "zz")) >= 250
    assert "my name" in values("status", "my")
    for i in range(300):
        os.rmdir(os.path.join(folder, "zz%d" % i))
    for entry in before:
        journal = os.path.join(place.environment["TETHER_STORE"], entry, "journal", "journal.jsonl")
        if os.path.exists(journal):
            with open(journal, "ab") as file:
                file.write(b"\0\xff{]\n{\"task_id\": 7}\n")
    assert "my name" in values("status", "my")
    # Nothing can end them once their session is damaged.
    place.run("kill", "--signal=KILL", ids["my name"], ids["ns:one=two"])
    for entry in before:
        told = os.path.join(place.environment["TETHER_STORE"], entry, "session.json")
        if os.path.exists(told):
            os.truncate(told, 3)
    expect("damaged sessions", values("--session", ""), [])
    expect("damaged sessions", values("status", ""), [])
    place.whole()


def main():
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.realpath(folder))
        ids = {name: place.start(name, "true") for name in HOSTILE}
        place.run("wait")
        ids["my name"] = place.start("my name", "sleep", "1000")
        ids["ns:one=two"] = place.start("ns:one=two", "sleep", "1000")
        place.run("run", "--wait", "--session=other", "--name=otherwise", "--", "true")
        try:
            globals()[kind](place, ids)
        finally:
            if not os.path.exists(os.path.join(place.folder, "bin", "tether")):
                os.symlink(tether, os.path.join(place.folder, "bin", "tether"))
            for task in (ids["my name"], ids["ns:one=two"]):
                place.run("kill", "--signal=KILL", task)
    print("ok")


main()
