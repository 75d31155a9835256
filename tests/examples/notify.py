#!/usr/bin/env python3
"""The scripts of examples/notify as commands at the end of tasks: with stand-ins for notify-send and sendmail, and a
server on the loopback interface. Arguments: the tether command."""
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

TETHER = sys.argv[1]
SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "examples/notify"
PATIENCE_S = 60
room = pathlib.Path(tempfile.mkdtemp(prefix="tether-test-notify-"))


def fake(name, text):
    path = room / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o700)
    return path


def tether(*arguments):
    done = subprocess.run([TETHER, "--store", room / "store", *arguments], stdout=subprocess.PIPE, env=environment, check=False)
    return done.stdout.decode()


def run(on_end, *arguments):
    """Runs a task, waits until it is known what became of the command at its end, and returns its state."""
    task = tether("run", "--on-end", on_end, *arguments).strip()
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        state = json.loads(tether("--json", "status", task))
        if state["on_end_exit_code"] is not None or state["on_end_error"] is not None:
            return state
        time.sleep(0.01)
    sys.exit("notify: nothing is told of the command at the end of " + task)


def expect(what, value, wanted):
    if value != wanted:
        sys.exit(f"notify: {what} is {value!r}, not {wanted!r}")


fake("notify-send", f'printf "%s\\n" "$@" >"{room}/shown"\n')
sendmail = fake("sendmail", f'printf "%s\\n" "$@" >"{room}/to" && cat >"{room}/mail"\n')
environment = dict(os.environ, PATH=f"{room}:{os.environ['PATH']}", SENDMAIL=str(sendmail))
received = []


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received.append((self.path, self.headers["Content-Type"], json.loads(body)))
        self.send_response(204 if self.path == "/hook" else 404)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_desktop():
    state = run(SCRIPTS / "desktop", "--name", "--a name", "-c", "exit 3")
    expect("the exit code", state["on_end_exit_code"], 0)
    expect("the notice", (room / "shown").read_text().splitlines(),
           ["--urgency=critical", "--", "--a name", f"failed, exit code 3 (task {state['task_id']})"])


def test_mail():
    state = run(f"'{SCRIPTS}/mail' me@example.org", "-c", "seq 40; echo oops >&2; : 'two\nBcc: lines'")
    expect("the exit code", state["on_end_exit_code"], 0)
    expect("the arguments", (room / "to").read_text().splitlines(), ["-i", "--", "me@example.org"])
    head, _, body = (room / "mail").read_text().partition("\n\n")
    expect("the head", head.splitlines(), ["To: me@example.org",
                                          "Subject: completed: seq 40; echo oops >&2; : 'two Bcc: lines'",
                                          "Content-Type: text/plain; charset=utf-8"])
    expect("the output", [line for line in body.splitlines() if line.isdigit()], [str(n) for n in range(11, 41)])
    expect("the error", body.splitlines()[-1], "oops")
    state = run(f"'{SCRIPTS}/mail'", "--", "true")
    expect("the code without an address", state["on_end_exit_code"], 2)


def test_webhook():
    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    state = run(f"'{SCRIPTS}/webhook' {address}/hook", "-c", "echo '\"quoted\"'")
    expect("the exit code", state["on_end_exit_code"], 0)
    path, kind, body = received[0]
    expect("the request", (path, kind), ("/hook", "application/json"))
    for key in ("task_id", "status", "exit_code", "command", "started_at", "session_id"):
        expect(key, body[key], state[key])
    state = run(f"'{SCRIPTS}/webhook' {address}/refuses", "--", "true")
    expect("the error", state["on_end_error"], "exit code 22")
    expect("the status", state["status"], "completed")
    server.shutdown()
    state = run(f"'{SCRIPTS}/webhook' http://127.0.0.1:1/", "--", "true")
    expect("the error without a server", state["on_end_error"], "exit code 7")


test_desktop()
test_mail()
test_webhook()
tether("gc", "--older-than", "0")
subprocess.run(["rm", "-rf", room], check=True)
