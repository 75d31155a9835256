"""A client of "tether mcp" and "tether serve" for tests: one server, and its messages by id.

It knows neither protocol's rules; the tests do."""

import json
import os
import select
import signal
import subprocess
import time

META = "io.modelcontextprotocol/"
PATIENCE = 60  # seconds until a test gives up; no test measures time with it


class Server:
    def __init__(self, tether, store, *options, verb="mcp", cwd=None, env=None):
        command = [tether, "--store", store, verb, *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd, env=env)
        self.text = b""
        self.got = []  # messages that nobody has asked for yet
        self.last = 0

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        code = self.end()
        assert failure or code in (0, -signal.SIGKILL), code

    def end(self):
        """Closes the server's input and returns its exit code."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        code = self.process.wait(PATIENCE)
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def write(self, line):
        self.process.stdin.write(line if isinstance(line, bytes) else line.encode())
        self.process.stdin.flush()

    def send(self, message):
        self.write(json.dumps(message) + "\n")

    def read(self):
        """Returns the next message."""
        until = time.monotonic() + PATIENCE
        while b"\n" not in self.text:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))
            assert ready, f"no answer within {PATIENCE} s"
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            assert piece, "the server has ended"
            self.text += piece
        line, self.text = self.text.split(b"\n", 1)
        return json.loads(line.decode())

    def until(self, wanted):
        """Returns the first message for which wanted(message) is true, of those before, too."""
        for i, message in enumerate(self.got):
            if wanted(message):
                return self.got.pop(i)
        while True:
            message = self.read()
            if wanted(message):
                return message
            self.got.append(message)

    def answer(self, id):
        return self.until(lambda m: m.get("id") == id and "method" not in m)

    # --- MCP ---

    def begin(self, method, params=None, modern=None):
        """Sends a request and returns its id. modern: the client's capabilities, else a legacy request."""
        self.last += 1
        params = dict(params or {})
        if modern is not None:
            params["_meta"] = {META + "protocolVersion": "2026-07-28", META + "clientCapabilities": modern, **params.get("_meta", {})}
        self.send({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        return self.last

    def request(self, method, params=None, modern=None):
        answer = self.answer(self.begin(method, params, modern))
        assert answer["jsonrpc"] == "2.0"
        assert "error" not in answer, answer
        return answer["result"]

    def refuse(self, method, params=None, modern=None):
        """Returns the error of a request."""
        answer = self.answer(self.begin(method, params, modern))
        assert "result" not in answer, answer
        return answer["error"]

    def start(self, tool, **arguments):
        return self.begin("tools/call", {"name": tool, "arguments": arguments})

    def take(self, id):
        """Returns what a tool has answered."""
        result = self.answer(id)["result"]
        assert result["isError"] is False, result
        assert result["content"][0]["type"] == "text"
        return result["structuredContent"]

    def call(self, tool, **arguments):
        return self.take(self.start(tool, **arguments))

    def fail(self, tool, **arguments):
        """Returns the error of a tool."""
        result = self.answer(self.start(tool, **arguments))["result"]
        assert result["isError"] is True, result
        error = result["structuredContent"]["error"]
        assert error["code"].startswith("TETHER_E") and error["step"] and error["cure"], error
        return error

    # --- Lines of JSON ---

    def verb(self, name, **args):
        self.last += 1
        self.send({"id": self.last, "verb": name, "args": args})
        return self.answer(self.last)
