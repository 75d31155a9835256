#!/usr/bin/env python3
"""What commands and jobs of the shell of examples/shell get, and what later shells find in its session.

    shell_state.py SHELL [CASE...]"""
import os
import subprocess
import sys
import tempfile
import time

LIMIT = 60
shell = os.path.abspath(sys.argv[1])


def run(text, *arguments, **options):
    """Status and output of a text."""
    done = subprocess.run([shell, *arguments, "-c", text], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=LIMIT, **options)
    return done.returncode, done.stdout, done.stderr


def expect(got, status, output):
    assert got[:2] == (status, output), got


def jobs_until(session, text):
    """What a shell's `jobs` printed, the first to show the text. A job may take long to end on a busy machine."""
    end = time.monotonic() + LIMIT
    while True:
        status, output, errors = run("jobs", "--session", session)
        assert status == 0, (status, output, errors)
        if text in output:
            return output
        assert time.monotonic() < end, (text, output, errors)


def case_descriptors():
    """Commands have their three descriptors, also after redirections, in pipelines, and beside jobs."""
    # 3 is the folder itself, in the program that lists it.
    for text in ("ls /proc/self/fd", "sleep 0.1 & ls /proc/self/fd; wait", "{ ls /proc/self/fd; } 2> file",
                 "sh -c 'ls /proc/self/fd' < /dev/null > out; cat out", "echo $(ls /proc/self/fd)",
                 "true | ls /proc/self/fd", "ls /proc/self/fd & wait", "cat <<E > o; ls /proc/self/fd\n$(true)\nE"):
        status, output, errors = run(text)
        assert status == 0 and output.split() == ["0", "1", "2", "3"], (text, output, errors)


def case_killed():
    """A shell is killed after it has started jobs; by name, the next one finds them, and their codes and outputs."""
    text = "sh -c 'echo one; exit 5' & sh -c 'read x < gate; echo two; exit 6' & sleep 100 & echo $!; kill -9 $$"
    os.mkfifo("gate")
    status, output, _ = run(text, "--session", "build")
    assert status == -9, status
    pid = int(output.split()[0])
    lines = jobs_until("build", "Exit 5").splitlines()
    assert "one" in lines, lines
    assert any("sh -c 'read x" in line and "Running" in line for line in lines), lines
    assert any("sleep 100" in line and "Running" in line for line in lines), lines
    expect(run("wait %1; wait -n", "--session", "other"), 127, "")
    expect(run("jobs; wait", "--session", "other"), 0, "")
    subprocess.Popen(["sh", "-c", "echo > gate"])
    got = run("wait %%?two; echo $?; kill %%?sleep; kill %d; wait %d; echo $?" % (pid, pid), "--session", "build")
    expect(got, 0, "two\n6\n143\n")
    expect(run("jobs", "--session", "build"), 0, "")


def case_unseen():
    """An end that nobody was told of is told by the next shell, once, with its code and output."""
    run("sh -c 'echo text; exit 8' & kill -9 $$", "--session", "unseen")
    expect(run("wait %1; echo $?; wait %1", "--session", "unseen"), 127, "text\n8\n")
    expect(run("jobs; wait -n", "--session", "unseen"), 127, "")


def case_script():
    """Jobs of a script go on after it, and a script does not take those of another shell for its own."""
    os.mkfifo("gate")
    expect(run("sh -c 'read x < gate; exit 3' & exit 4"), 4, "")
    expect(run("wait; jobs; echo $?"), 0, "0\n")
    expect(run("kill -9 %1; wait %1; echo $?", "--session", "shell"), 0, "137\n")


def case_nested():
    """A job of a job is in the same session."""
    expect(run("( sh -c 'echo inner; exit 3' & wait $!; echo $? ) & wait $!; echo $?; ( sleep 100 & ) & wait $!",
               "--session", "nested"), 0, "inner\n3\n0\n")
    status, output, _ = run("jobs; kill %1; wait %1", "--session", "nested")
    assert status == 143 and "sleep 100" in output, (status, output)


def case_limits():
    """The limits: how many, how long, how much."""
    expect(run("limit count 2; sleep 9 & sleep 9 & sleep 9 & echo $?; kill %1 %2; wait; sleep 0 & echo $?; wait"), 0,
           "1\n0\n")
    expect(run("limit time 0.1; sleep 100 & wait $!; echo $?"), 0, "124\n")
    expect(run("limit count 0"), 2, "")
    expect(run("limit size 4"), 2, "")
    expect(run("limit time 2.5; limit count 3; limit"), 0, "count 3\noutput none\ntime 2.5\n")
    expect(run("( limit ) & wait", env=dict(os.environ, TETHER_SHELL_LIMITS="count=7")), 0,
           "count 7\noutput none\ntime none\n")
    status, output, errors = run("limit output 4000; sh -c 'yes | head -n 100000' & wait $!; echo $?")
    assert status == 0 and len(output) < 9000, (len(output), errors)


def case_words():
    """Quotes and expansions of simple commands."""
    for text, output in (
            ("echo 'a  b' \"c  $0\" d\\ \\ e", "a  b c  shell d  e"), ("x='p q'; echo $x \"$x\"", "p q p q"),
            ("x='1:2::3'; IFS=:; echo $x", "1 2  3"), ("echo \"$@\" $#", "one two  three 3"),
            ("set --; echo \"$@\" x \"$*\"", "x "), ("echo ${x:-d} ${x-$0} ${x+no} ${x:=set} $x", "d shell set set"),
            ("x=a.b.c; echo ${x%.*} ${x%%.*} ${x#*.} ${x##*.} ${#x}", "a.b a b.c c 5"),
            ("echo '$x' \"\\$x\" \\$x", "$x $x $x"), ("echo \"a\\\nb\"", "ab"), ("echo a # comment", "a"),
            ("echo a#b '#c'", "a#b #c"), ("> f1; > f2; echo f? 'f?' g*", "f1 f2 f? g*"),
            ("x='f?'; echo $x \"$x\"", "f1 f2 f?"), ("echo ~/x '~'", "/place/x ~"), ("echo $(echo '(' \")\")", "( )"),
            ("x=$(echo a; echo b); echo \"$x\" $x", "a\nb a b"), ("cat <<'E'\n$x\nE", "$x"),
            ("x=1; cat <<E\n$x \\$x \"q\"\nE", "1 $x \"q\""), ("! false && echo yes || echo no", "yes"),
            ("if false; then echo 1; else echo 2; fi | cat", "2"), ("echo $", "$"),
            ("for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done", "1\n3"),
            ("x=1 sh -c 'echo $x'; echo $x", "1"), ("exec > f3; echo in; exec >&2; cat f3 >&2", ""),
            ("eval 'echo a;' echo b", "a\nb"), ("cd /; pwd; cd - ; exit", "/\n" + os.getcwd())):
        environment = dict(os.environ, HOME="/place")
        done = subprocess.run([shell, "-c", text, "shell", "one", "two ", "three"], capture_output=True, text=True,
                              env=environment, timeout=LIMIT)
        assert done.stdout.rstrip("\n") == output, (text, done)
    for text in ("echo 'a", "if true", "echo )", "f() { :; }", "| a", "a &&", "echo $(", "for x do", "case x in"):
        status, output, errors = run(text)
        assert (status, output) == (2, "") and "syntax error" in errors, (text, status, output, errors)


def case_input():
    """A script on standard input leaves the rest of it to its commands."""
    done = subprocess.run([shell], input="sh -c 'read x; echo got $x'\nfirst\necho second\ncat\nthird\n",
                          capture_output=True, text=True, timeout=LIMIT)
    assert done.stdout == "got first\nsecond\nthird\n", done


def case_store():
    """Without a store a job does not start, and the shell says why."""
    with open("file", "w"):
        pass
    status, output, errors = run("sleep 1 & echo $? \"<$!>\"", env=dict(os.environ, XDG_STATE_HOME=os.path.abspath("file")))
    assert output == "1 <>\n" and "cannot open the store" in errors, (status, output, errors)


def main():
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("case_")}
    for name in sys.argv[2:] or cases:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            os.environ["XDG_STATE_HOME"] = os.path.join(folder, "state")
            os.environ.pop("TETHER_SHELL_SESSION", None)
            try:
                cases[name]()
            finally:
                for session in ("shell", "build", "unseen", "nested"):
                    run("kill -9 $(jobs -p); wait", "--session", session)
                os.chdir("/")
            print("ok", name, flush=True)


main()
