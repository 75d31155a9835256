#!/usr/bin/env python3
"""Tests of "tether mcp" and "tether serve" with real stores and processes: servers.py TETHER [CASE...]"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

from client import META, Server

TETHER = os.path.abspath(sys.argv[1])
SERVER = os.environ.get("TETHER_TEST_SERVER", TETHER)  # such as a script that starts it in valgrind
PLACE = tempfile.mkdtemp(prefix="tether-mcp-")  # also a place for tasks to work in
STORE = os.path.join(PLACE, "store")
os.environ.pop("TETHER_STORE", None)
os.environ.pop("TETHER_SESSION", None)
TASKS = {"extensions": {META + "tasks": {}}}
LIVE = ("starting", "running")  # which of them, the next look decides
CASES = []


def case(function):
    CASES.append(function)
    return function


def native(function):
    """A case that valgrind cannot run: it has no pidfd_open, which input needs, and takes memory of its own."""
    if SERVER == TETHER:
        CASES.append(function)
    return function


def server(*options, **more):
    return Server(SERVER, STORE, *options, **more)


def tether(*arguments):
    return subprocess.run([TETHER, "--store", STORE, *arguments], check=True, capture_output=True, text=True).stdout


def gated(first, then):
    """A command line that goes on once the gate is open. Commands that read do the same, but valgrind lacks what input needs."""
    return f"{first}; while [ ! -e go ]; do sleep 0.05; done; {then}"


def open_gate():
    with open(os.path.join(PLACE, "go"), "w"):
        pass


def close_gate():
    os.remove(os.path.join(PLACE, "go"))


# --- Eras -----------------------------------------------------------------------------------------


@case
def a_handshake_agrees_on_a_version():
    with server() as s:
        for wanted, got in (("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("1999-01-01", "2025-11-25")):
            hello = {"protocolVersion": wanted, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
            result = s.request("initialize", hello)
            assert result["protocolVersion"] == got
            assert result["serverInfo"]["name"] == "tether" and result["instructions"]
            assert ("tasks" in result["capabilities"]) == (got == "2025-11-25")
        s.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert s.request("ping") == {}
        assert s.refuse("initialize")["code"] == -32602
        assert s.refuse("server/discover")["code"] == -32602
        assert s.end() == 0


@case
def a_modern_request_says_its_version():
    with server() as s:
        found = s.request("server/discover", modern={})
        assert found["resultType"] == "complete" and "2026-07-28" in found["supportedVersions"]
        assert found["_meta"][META + "serverInfo"]["name"] == "tether"
        assert found["capabilities"]["extensions"] == {META + "tasks": {}}
        tools = s.request("tools/list", modern={})
        assert tools["resultType"] == "complete" and tools["ttlMs"] > 0 and tools["cacheScope"] == "public"
        assert tools["tools"] == s.request("tools/list")["tools"]
        wrong = {"_meta": {META + "protocolVersion": "1900-01-01", META + "clientCapabilities": {}}}
        error = s.refuse("tools/list", wrong)
        assert error["code"] == -32022 and error["data"]["requested"] == "1900-01-01"
        assert s.refuse("tools/list", {"_meta": {META + "protocolVersion": "2026-07-28"}})["code"] == -32602
        assert s.refuse("tools/list", {"_meta": {META + "clientCapabilities": {}}})["code"] == -32602
        assert s.refuse("initialize", modern={})["code"] == -32601


@case
def tools_have_schemas_and_hints():
    with server() as s:
        tools = {t["name"]: t for t in s.request("tools/list")["tools"]}
    assert list(tools) == ["run", "wait", "list", "status", "output", "input", "watch", "kill", "pause", "resume", "completions", "ack"]
    for tool in tools.values():
        assert tool["description"] and tool["inputSchema"]["type"] == "object"
        assert tool["inputSchema"]["additionalProperties"] is False
        for name in tool["inputSchema"]["required"]:
            assert name in tool["inputSchema"]["properties"]
        for argument in tool["inputSchema"]["properties"].values():
            assert argument["description"], tool["name"]
    assert tools["status"]["annotations"]["readOnlyHint"] and not tools["run"]["annotations"]["readOnlyHint"]
    assert tools["kill"]["annotations"]["destructiveHint"] and tools["kill"]["annotations"]["idempotentHint"]
    assert tools["run"]["execution"]["taskSupport"] == "optional"
    assert "do not poll" in tools["run"]["description"].lower()


# --- Tools ----------------------------------------------------------------------------------------


@case
def run_answers_with_the_end_or_goes_on():
    with server() as s:
        ended = s.call("run", command="echo out; echo err >&2; exit 3", name="short", wait_ms=60000)
        assert (ended["status"], ended["exit_code"], ended["name"]) == ("failed", 3, "short")
        assert ended["output"]["text"] == "out\nerr\n" and ended["output"]["truncated"] is False
        same = json.loads(tether("--json", "status", ended["task_id"]))
        del same["kind"], ended["output"]
        assert ended == same
        argv = s.call("run", argv=["printf", "%s", "a b"], wait_ms=60000)
        assert argv["output"]["text"] == "a b" and argv["shell"] is None
        live = s.call("run", command="echo begun; exec sleep 1000", wait_ms=0)
        assert live["status"] in LIVE and live["exit_code"] is None
        assert [t["task_id"] for t in s.call("list")["tasks"]] == [live["task_id"]]
        killed = s.call("kill", task_id=live["task_id"], grace_ms=0)
        assert killed["status"] == "killed"
        assert s.call("kill", task_id=live["task_id"])["status"] == "killed"


@case
def the_same_key_starts_one_task():
    with server() as s, server() as other:
        starts = [(x, x.start("run", command="echo once >> once; exec sleep 1000", cwd=PLACE, key="k", wait_ms=0)) for x in (s, other) * 5]
        (id,) = {x.take(start)["task_id"] for x, start in starts}
        s.kill()
        assert other.call("run", command="false", key="k", wait_ms=0)["task_id"] == id
        other.call("kill", task_id=id, grace_ms=0)
        ended = other.call("run", command="false", key="k")
        assert (ended["task_id"], ended["status"], ended["key"]) == (id, "killed", "k")
        assert other.call("run", command="true", key="k", session="apart")["status"] == "completed"
        assert other.fail("run", command="true", key="")["code"] == "TETHER_EINVAL"
    with open(os.path.join(PLACE, "once")) as file:
        assert file.read() == "once\n"
    os.remove(os.path.join(PLACE, "once"))


@case
def text_of_a_task_is_fenced():
    with server() as s:
        id = s.start("run", command=r"printf 'a\n```\nTask x completed\n\033[31mred\033[0m\n````\n\377'", wait_ms=60000)
        result = s.answer(id)["result"]
        text = result["content"][0]["text"]
        assert text.count("`````\n") == 2 and text.endswith("`````\n"), text
        assert "\x1b" not in text and "\ufffd" in text, result
        assert "\x1b[31m" in result["structuredContent"]["output"]["text"]
        plain = s.call("output", task_id=result["structuredContent"]["task_id"], readable=True)
        assert "\nred\n" in plain["output"]["text"]


@case
def redrawn_lines_show_their_last_state():
    with server() as s:
        done = s.call("run", command=r"printf '10%%\r50%%\r100%%\ndone\n'", wait_ms=60000, readable=True)
        assert done["output"]["text"] == "100%\ndone\n"


@case
def output_is_paged_by_whole_characters():
    with server() as s:
        id = s.call("run", argv=[sys.executable, "-c", "print('äöü€' * 500, end='')"], wait_ms=60000)["task_id"]
        text, offset = "", 0
        for _ in range(1000):
            page = s.call("output", task_id=id, offset=offset, bytes=100)["output"]
            assert page["offset"] == offset and "\ufffd" not in page["text"]
            text, offset = text + page["text"], page["next_offset"]
            if not page["more"]:
                break
        assert text == "äöü€" * 500 and offset == len(text.encode())
        assert s.call("output", task_id=id, offset=1, bytes=10)["output"]["offset"] == 2
        tail = s.call("output", task_id=id, bytes=10)["output"]
        assert tail["truncated"] and tail["text"] == "äöü€", tail
        assert s.call("output", task_id=id, offset=10**9)["output"]["text"] == ""
        assert s.fail("output", task_id=id, offset=0, lines=3)["code"] == "TETHER_EINVAL"


@case
def lines_with_a_text_are_found():
    write = "for i in range(100000): print('line', i)\nimport sys; print('error 1', file=sys.stderr); print('no end', end='')"
    with server() as s:
        id = s.call("run", argv=[sys.executable, "-c", write], wait_ms=60000)["task_id"]
        got = s.call("output", task_id=id, pattern="e 9999")["output"]
        assert got["text"] == "line 9999\n" + "".join(f"line 9999{i}\n" for i in range(10)) and got["matching"] == 11 and not got["more"]
        assert s.call("output", task_id=id, pattern="error")["output"]["text"] == "error 1\n"
        assert s.call("output", task_id=id, pattern="no end")["output"]["text"] == "no end"
        text, offset = "", 0
        for _ in range(1000):
            page = s.call("output", task_id=id, pattern="77", offset=offset, bytes=1000)["output"]
            text, offset = text + page["text"], page["stdout"]["next_offset"]
            if not page["more"]:
                break
        assert text == "".join(f"line {i}\n" for i in range(100000) if "77" in str(i))


@case
def dropped_bytes_are_told():
    with server() as s:
        write = "import sys; sys.stdout.write('x' * 300000)"
        id = s.call("run", argv=[sys.executable, "-c", write], output_limit=20000, wait_ms=60000)["task_id"]
        page = s.call("output", task_id=id, offset=100000)["output"]
        assert page["dropped"] > 0 and page["offset"] > 100000 and set(page["text"]) == {"x"}
        first = s.call("output", task_id=id, offset=0, bytes=262144)["output"]
        assert first["more"] and first["next_offset"] < 300000


@native
def a_wait_returns_when_the_first_has_ended():
    with server() as s:
        a, b = (s.call("run", command="read line; exit 7", input=True, wait_ms=0)["task_id"] for _ in range(2))
        waits = [s.start("wait", task_ids=[a, b]), s.start("wait", task_ids=[a, b], mode="all"), s.start("wait")]
        early = s.call("wait", task_ids=[a], timeout_ms=10)
        assert early["timed_out"] and early["running"] == [a]
        assert s.call("input", task_id=a, text="go\n")["written"] == 3
        for id in (waits[0], waits[2]):
            got = s.take(id)
            assert [t["task_id"] for t in got["ended"]] == [a] and got["running"] == [b] and not got["timed_out"]
            assert got["ended"][0]["exit_code"] == 7
        s.call("input", task_id=b, text="go\n", close=True)
        assert len(s.take(waits[1])["ended"]) == 2
        assert s.call("wait") == {"ended": [], "running": [], "timed_out": False}


@case
def a_wait_for_a_task_without_completion_ends():
    id = json.loads(tether("--json", "run", "--no-notify", "--", "sleep", "0.5"))["task_id"]
    with server() as s:
        assert s.call("wait", task_ids=[id])["ended"][0]["status"] == "completed"


@native
def a_watch_finds_what_was_and_what_comes():
    with server() as s:
        id = s.call("run", command="echo ready on 80; read line; echo bye", input=True, wait_ms=0)["task_id"]
        got = s.call("watch", task_id=id, pattern=r"ready on (\d+)")
        assert got["matched"] and got["match"]["line"] == "ready on 80"
        later = s.start("watch", task_id=id, pattern="bye")
        assert s.call("watch", task_id=id, pattern="never", timeout_ms=10)["timed_out"]
        never = s.start("watch", task_id=id, pattern="never")
        s.call("input", task_id=id, text="\n")
        assert s.take(later)["match"]["line"] == "bye"
        end = s.take(never)
        assert not end["matched"] and not end["timed_out"]
        assert s.fail("watch", task_id=id, pattern="(")["code"] == "TETHER_EPATTERN"


@case
def a_task_pauses_and_resumes():
    with server() as s:
        id = s.call("run", command="exec sleep 1000", wait_ms=0)["task_id"]
        assert s.call("pause", task_id=id)["status"] == "paused"
        assert s.call("list", status=["paused"])["total"] == 1
        assert s.call("resume", task_id=id)["status"] == "running"
        s.call("kill", task_id=id, grace_ms=0)


@case
def arguments_are_checked():
    with server() as s:
        for tool, arguments in (
            ("run", {}), ("run", {"command": "a", "argv": ["b"]}), ("run", {"command": 5}), ("run", {"argv": "a"}),
            ("run", {"argv": []}), ("run", {"argv": [1]}), ("run", {"command": "a", "wait_ms": -1}),
            ("run", {"command": "a", "wait_ms": "1"}), ("run", {"command": "a", "env": {"A=": "b"}}),
            ("run", {"command": "a", "env": []}), ("run", {"command": "a", "nosuch": 1}), ("wait", {"mode": "some"}),
            ("status", {}), ("status", {"task_id": "../x"}), ("status", {"task_id": "x" * 5000}), ("output", {"task_id": "t", "stream": "x"}),
            ("kill", {"task_id": "y" * 5000}), ("input", {}), ("watch", {"task_id": "x"}), ("run", {"command": "a", "session": "a/b"}),
            ("run", {"command": "a", "session": "s" * 500}),
        ):
            assert s.fail(tool, **arguments)["code"] == "TETHER_EINVAL", (tool, arguments)
        assert s.fail("status", task_id="t00000000000")["code"] == "TETHER_ENOTASK"
        assert s.fail("run", argv=["/nosuch/program"])["code"] == "TETHER_ENOPROGRAM"
        assert s.refuse("tools/call", {"name": "nosuch"})["code"] == -32602
        assert s.refuse("tools/call", {"name": "run", "arguments": []})["code"] == -32602


# --- Completions ----------------------------------------------------------------------------------


def ids(answer):
    return [t["task_id"] for t in answer["completions"]]


def drain(s):
    """Takes and acknowledges what the cases before have left."""
    while ids(s.call("completions", limit=1000)):
        pass


@case
def an_end_is_told_once_and_again_after_a_death():
    with server() as s:
        drain(s)
        wait = s.start("completions", wait_ms=60000)
        a = s.call("run", command="sleep 0.2", wait_ms=0)["task_id"]
        assert ids(s.take(wait)) == [a]
        with server() as other:
            assert ids(other.call("completions")) == []  # leased
            assert other.call("completions", wait_ms=10)["completions"] == []
            s.kill()
            assert ids(other.call("completions")) == [a]  # and not acknowledged
            assert ids(other.call("completions")) == []
        with server() as last:
            assert ids(last.call("completions")) == []


@case
def an_end_that_run_has_answered_is_not_told_again():
    with server() as s:
        drain(s)
        ended = s.call("run", command="true", wait_ms=60000)["task_id"]
        assert ids(s.call("completions")) == []
        assert json.loads(tether("--json", "status", ended))["completion_delivered"] is True
        later = s.call("run", command="true", wait_ms=60000)["task_id"]
        s.kill()  # it may not have got the answer
    with server() as s:
        assert ids(s.call("completions")) == [later]
        assert s.call("ack", task_ids=[later, "t00000000000"])["failed"][0]["error"]["code"] == "TETHER_ENOTASK"
        assert s.fail("ack", task_ids=["t00000000000"])["code"] == "TETHER_ENOTASK"


@case
def the_story_of_a_build():
    with server() as s:
        drain(s)
        id = s.call("run", command=gated("echo compiling", "echo done"), cwd=PLACE, wait_ms=0)["task_id"]
        s.start("wait", task_ids=[id])
        s.kill()
    with server() as s:
        assert id in [t["task_id"] for t in s.call("list")["tasks"]]
        wait = s.start("wait")
        s.request("ping")  # It waits now, for what runs.
        open_gate()
        assert s.take(wait)["ended"][0]["task_id"] == id
        assert s.call("output", task_id=id)["output"]["text"] == "compiling\ndone\n"
        assert ids(s.call("completions")) == [id]
        assert ids(s.call("completions")) == []
    close_gate()


# --- Tasks of MCP ---------------------------------------------------------------------------------


@case
def tasks_with_a_handshake():
    with server() as s:
        made = s.request("tools/call", {"name": "run", "arguments": {"command": "echo hi; sleep 0.3; exit 2"}, "task": {"ttl": 1000}})["task"]
        assert made["status"] == "working" and made["ttl"] is None and made["createdAt"].endswith("Z"), made
        result = s.request("tasks/result", {"taskId": made["taskId"]})
        assert result["isError"] is True and result["structuredContent"]["exit_code"] == 2
        assert result["_meta"][META + "related-task"]["taskId"] == made["taskId"]
        assert s.request("tasks/get", {"taskId": made["taskId"]})["status"] == "failed"
        assert made["taskId"] in [t["taskId"] for t in s.request("tasks/list")["tasks"]]
        assert s.refuse("tasks/cancel", {"taskId": made["taskId"]})["code"] == -32602
        live = s.request("tools/call", {"name": "run", "arguments": {"command": "sleep 1000", "session": "an other"}, "task": {}})["task"]
        assert live["taskId"].startswith("an other/")
        s.kill()
    with server() as s:
        assert s.request("tasks/get", {"taskId": live["taskId"]})["status"] == "working"
        assert s.request("tasks/cancel", {"taskId": live["taskId"]})["status"] == "cancelled"
        assert s.refuse("tasks/get", {"taskId": "nosuch"})["code"] == -32602
        assert s.refuse("tasks/get", {})["code"] == -32602
        assert s.refuse("tools/call", {"name": "list", "task": {}})["code"] == -32601


@case
def tasks_of_the_extension():
    run = {"name": "run", "arguments": {"command": gated("echo hi", "exit 2"), "cwd": PLACE}}
    with server() as s:
        made = s.request("tools/call", run, modern=TASKS)
        assert made["resultType"] == "task" and made["status"] == "working" and made["ttlMs"] is None
        id = made["taskId"]
        listen = s.begin("subscriptions/listen", {"notifications": {"taskIds": [id, "nosuch"]}}, modern=TASKS)
        ack = s.until(lambda m: m.get("method") == "notifications/subscriptions/acknowledged")["params"]
        assert ack["notifications"]["taskIds"] == [id] and ack["_meta"][META + "subscriptionId"] == listen
        assert s.refuse("tasks/get", {"taskId": id}, modern={})["code"] == -32021
        assert s.request("tasks/get", {"taskId": id}, modern=TASKS)["status"] == "working"
        assert s.request("tasks/update", {"taskId": id, "inputResponses": {}}, modern=TASKS) == {"resultType": "complete"}
        open_gate()
        note = s.until(lambda m: m.get("method") == "notifications/tasks" and m["params"]["status"] != "working")["params"]
        assert note["status"] == "completed" and note["result"]["isError"] is True
        assert note["_meta"][META + "subscriptionId"] == listen and note["result"]["structuredContent"]["exit_code"] == 2
        assert s.request("tasks/get", {"taskId": id}, modern=TASKS)["result"]["isError"] is True
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": listen}})
        assert s.request("tools/call", run, modern={})["resultType"] == "complete"
        short = {"name": "run", "arguments": {"command": "true", "wait_ms": 60000}}
        assert s.request("tools/call", short, modern=TASKS)["structuredContent"]["status"] == "completed"
        # It fails in the same way as one that is asked for later.
        short["arguments"]["command"] = "false"
        assert s.request("tools/call", short, modern=TASKS)["isError"] is True
        assert s.request("tools/call", short, modern={})["isError"] is False
        live = s.request("tools/call", {"name": "run", "arguments": {"command": "sleep 1000"}}, modern=TASKS)["taskId"]
        assert s.request("tasks/cancel", {"taskId": live}, modern=TASKS) == {"resultType": "complete"}
        assert s.request("tasks/get", {"taskId": live}, modern=TASKS)["status"] == "cancelled"
        assert s.refuse("tasks/list", modern=TASKS)["code"] == -32601
    close_gate()


@case
def resources_are_records_and_outputs():
    with server() as s:
        id = s.call("run", command=gated("echo one", "echo two"), cwd=PLACE, wait_ms=0)["task_id"]
        uri = f"tether://default/{id}"
        listed = [r["uri"] for r in s.request("resources/list")["resources"]]
        assert uri in listed and uri + "/output" in listed
        assert len(s.request("resources/templates/list")["resourceTemplates"]) == 2
        record = s.request("resources/read", {"uri": uri})["contents"][0]
        assert json.loads(record["text"])["task_id"] == id and record["mimeType"] == "application/json"
        s.call("watch", task_id=id, pattern="one")
        assert s.request("resources/read", {"uri": uri + "/output"})["contents"][0]["text"] == "one\n"
        assert s.request("resources/subscribe", {"uri": uri + "/output"}) == {}
        listen = s.begin("subscriptions/listen", {"notifications": {"resourceSubscriptions": [uri]}}, modern={})
        open_gate()
        updated = s.until(lambda m: m.get("method") == "notifications/resources/updated" and "_meta" not in m["params"])
        assert updated["params"] == {"uri": uri + "/output"}
        s.until(lambda m: m.get("method") == "notifications/resources/updated" and m["params"].get("_meta", {}).get(META + "subscriptionId") == listen)
        assert s.request("resources/unsubscribe", {"uri": uri + "/output"}) == {}
        assert s.refuse("resources/read", {"uri": "tether://default/nosuch"})["code"] == -32002
        assert s.refuse("resources/read", {"uri": "tether://default/nosuch"}, modern={})["code"] == -32602
        assert s.refuse("resources/subscribe", {"uri": "file:///etc/passwd"})["code"] == -32002
        assert s.refuse("resources/read", {"uri": "tether://%zz/x"})["code"] == -32002
    close_gate()


@case
def lists_come_in_pages():
    with server() as s:
        ids = {s.call("run", command="true", wait_ms=0)["task_id"] for _ in range(51)}
        s.call("wait", task_ids=list(ids), mode="all")
        found, cursor = [], None
        for _ in range(100):
            page = s.request("resources/list", {"cursor": cursor} if cursor else {})
            assert 0 < len(page["resources"]) <= 100
            found += [r["uri"] for r in page["resources"]]
            cursor = page.get("nextCursor")
            if cursor is None:
                break
        assert len(found) > 100 and len(found) == len(set(found))
        assert {f"tether://default/{id}/output" for id in ids} <= set(found)
        assert s.request("resources/list", {"cursor": "999999999"})["resources"] == []
        for wrong in ("", "x", "-1", "5 ", "1" * 20, 7, None, []):
            assert s.refuse("resources/list", {"cursor": wrong})["code"] == -32602
            assert s.refuse("tasks/list", {"cursor": wrong})["code"] == -32602


@native
def a_cancelled_answer_is_told_again():
    with server() as s:
        while s.call("completions", limit=1000)["completions"]:
            pass  # of other tests
        # It cannot end before run has answered: run would tell the end itself.
        id = s.call("run", command="read line", input=True, wait_ms=0)["task_id"]
        s.call("input", task_id=id, text="\n")
        s.call("wait", task_ids=[id])
        told = s.start("completions")
        assert id in [t["task_id"] for t in s.take(told)["completions"]]
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": told}})
        assert id in [t["task_id"] for t in s.call("completions")["completions"]]
        assert id not in [t["task_id"] for t in s.call("completions")["completions"]]


@case
def lists_of_arguments_are_bounded():
    with server() as s:
        refused = s.answer(s.start("wait", task_ids=["nosuch"] * 5000))["result"]
        assert refused["isError"] and "more than 4096" in refused["structuredContent"]["error"]["message"], refused


# --- Bad input ------------------------------------------------------------------------------------


@case
def malformed_messages_get_errors_and_the_server_lives_on():
    with server() as s:
        for line, code in (
            (b"{", -32700), (b'{"a":1} x', -32700), (b'{"jsonrpc":"2.0","id":1,"method":"ping\xff"}', -32700),
            (b"[" * 100000, -32700), (b'{"a":' * 70 + b"1" + b"}" * 70, -32700), (b'{"id":1,"id":2}', -32700),
            (b'"\\u0000"', -32700), (b"\x00\x01\x02", -32700), (b"null", -32600), (b"[]", -32600), (b"5", -32600),
            (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":1}', -32600),
            (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600), (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
            (b'{"jsonrpc":"2.0","id":1,"method":"nosuch"}', -32601), (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32602),
        ):
            s.write(line + b"\n")
            error = s.read()
            assert error["error"]["code"] == code and error["error"]["message"], (line[:60], error)
        s.write(b'\n\r\n{"jsonrpc":"2.0","id":77,"result":{}}\n{"jsonrpc":"2.0","method":"nosuch"}\n')
        assert s.request("ping") == {}
        torn = b'{"jsonrpc":"2.0","id":"torn","method":"ping"}'
        for byte in range(len(torn)):
            s.write(torn[byte:byte + 1])
        s.write(b"\r\n")
        assert s.answer("torn")["result"] == {}
        s.write(torn)  # without a line end
        s.process.stdin.close()
        assert s.answer("torn")["result"] == {}


@native
def a_huge_message_is_refused_in_little_memory():
    with server() as s:
        s.request("ping")
        piece = b"x" * (1 << 20)
        s.write(b'{"jsonrpc":"2.0","id":1,"method":"')
        for _ in range(100):
            s.write(piece)
        s.write(b'"}\n')
        assert s.read()["error"]["code"] == -32600
        assert s.request("ping") == {}
        assert memory(s) < 64 << 20


def memory(s):
    """The most memory that the server has had, in bytes."""
    with open(f"/proc/{s.process.pid}/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmHWM"))


@native
def a_client_that_never_reads_costs_little():
    with server() as s:
        lines = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"tools/list"}\n' % i for i in range(5000))
        os.set_blocking(s.process.stdin.fileno(), False)
        sent, idle = 0, 0
        while sent < len(lines) and idle < 20:
            try:
                sent += os.write(s.process.stdin.fileno(), lines[sent:sent + 65536])
                idle = 0
            except BlockingIOError:
                idle += 1
                signal.sigtimedwait([], 0.05)
        assert sent < len(lines), "it reads on although nobody takes its answers"
        assert memory(s) < 64 << 20
        os.set_blocking(s.process.stdin.fileno(), True)
        for _ in range(lines[:sent].count(b"\n")):
            assert len(s.read()["result"]["tools"]) == 12


@native
def a_thousand_waits_at_once():
    with server() as s:
        id = s.call("run", command="read line", input=True, wait_ms=0)["task_id"]
        waits = [s.start("wait", task_ids=[id]) for _ in range(1000)]
        threads = len(os.listdir(f"/proc/{s.process.pid}/task"))
        assert threads < 12, threads
        for wait in waits[::2]:
            s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": wait}})
        s.call("input", task_id=id, text="\n")
        for wait in waits[1::2]:
            assert s.take(wait)["ended"][0]["task_id"] == id
        s.request("ping")
        assert not [m for m in s.got if m.get("id") in waits[::2]]


@native
def arguments_of_waiting_calls_are_bounded():
    with server() as s:
        # A variable that is removed costs the task nothing, and the server its name.
        large = {"command": "read line", "input": True, "wait_ms": 60000, "env": {"x" * 4000000: None}}
        waits = [s.start("run", **large) for _ in range(16)]
        refused = s.fail("run", **large)
        assert refused["code"] == "TETHER_ELIMIT" and "16 calls wait" in refused["message"], refused
        tasks = [t["task_id"] for t in s.call("list")["tasks"]]
        assert len(tasks) == 16, "a refused call starts nothing"
        s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": waits.pop()}})
        waits.append(s.start("run", **large))
        tasks = [t["task_id"] for t in s.call("list")["tasks"]]
        assert len(tasks) == 17, "the cancelled call has made room"
        for id in tasks:
            s.call("input", task_id=id, text="\n")
        for wait in waits:
            assert s.take(wait)["status"] == "completed"
        assert s.call("run", **{**large, "wait_ms": 0})["status"] in LIVE, "so have the answers"
        s.call("kill", task_id=s.call("list")["tasks"][0]["task_id"], grace_ms=0)
        assert memory(s) < 160 << 20, memory(s)


@case
def a_cancelled_wait_does_not_end_the_task():
    with server() as s:
        id = s.call("run", command="exec sleep 1000", wait_ms=0)["task_id"]
        wait = s.start("wait", task_ids=[id])
        again = {"jsonrpc": "2.0", "id": wait, "method": "ping"}
        s.send(again)
        assert s.answer(wait)["error"]["code"] == -32600
        for _ in range(2):  # the second has ended already
            s.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": wait}})
        s.send(again)
        assert s.answer(wait)["result"] == {}
        assert s.call("status", task_id=id)["status"] in LIVE
        s.call("kill", task_id=id, grace_ms=0)


@native
def progress_has_the_last_line():
    with server() as s:
        params = {"name": "run", "arguments": {"command": "echo first; echo at work; read line", "input": True, "wait_ms": 60000}, "_meta": {"progressToken": "p"}}
        id = s.begin("tools/call", params)
        note = s.until(lambda m: m.get("method") == "notifications/progress" and m["params"].get("message"))["params"]
        assert note["progressToken"] == "p" and note["message"] == "at work" and note["progress"] >= 1
        s.call("input", task_id=s.call("list")["tasks"][0]["task_id"], text="\n")
        assert s.take(id)["status"] == "completed"


# --- Safety ---------------------------------------------------------------------------------------


@case
def directories_outside_the_list_are_refused():
    inside, outside = os.path.join(PLACE, "in"), os.path.join(PLACE, "in-not")
    os.mkdir(inside), os.mkdir(outside), os.mkdir(os.path.join(inside, "sub"))
    os.symlink(outside, os.path.join(inside, "link"))
    os.symlink(inside, os.path.join(outside, "back"))
    with server("--allow-dir", inside) as s:
        for cwd in (inside, inside + "/sub", outside + "/back", inside + "/../in"):
            assert s.call("run", argv=["pwd"], cwd=cwd, wait_ms=60000)["status"] == "completed"
        for cwd in (outside, inside + "/link", inside + "/..", "/"):
            assert s.fail("run", argv=["pwd"], cwd=cwd)["code"] == "TETHER_EACCESS"
        assert s.fail("run", argv=["pwd"])["code"] == "TETHER_EACCESS"
        assert s.fail("run", argv=["pwd"], cwd=inside + "/nosuch")["code"] == "TETHER_EWORKDIR"
    wrong = server("--allow-dir", outside + "/nosuch")
    assert wrong.end() == 125 or wrong.process.returncode != 0


@case
def limits_and_variables_are_kept():
    options = ["--deny-env", "SECRET", "--deny-env", "TOKEN", "--max-running", "1", "--max-output", "1K", "--max-time", "1m"]
    with server(*options, env={**os.environ, "SECRET": "s3cret", "SHOWN": "yes"}) as s:
        done = s.call("run", command="echo ${SECRET-none} $SHOWN $NEW ${PATH_OF-gone}", env={"NEW": "n", "SHOWN": "no", "PATH_OF": None}, wait_ms=60000)
        assert done["output"]["text"] == "none no n gone\n"
        assert done["timeout_ms"] == 60000 and done["output_limit"] == 1024
        assert "s3cret" not in json.dumps(s.call("list", all=True))
        assert s.fail("run", command="true", env={"TOKEN": "x"})["code"] == "TETHER_EACCESS"
        live = s.call("run", command="exec sleep 1000", timeout_ms=0, output_limit=10**9, wait_ms=0)
        assert live["timeout_ms"] == 60000 and live["output_limit"] == 1024
        assert s.fail("run", command="true")["code"] == "TETHER_EQUOTA"
        s.call("kill", task_id=live["task_id"], grace_ms=0)


@case
def a_read_only_server_changes_nothing():
    id = json.loads(tether("--json", "run", "--", "sleep", "1000"))["task_id"]
    tether("status", id)  # The first look at a new task notes that it runs, whoever looks.
    with server("--read-only") as s:
        assert [t["name"] for t in s.request("tools/list")["tools"]] == ["wait", "list", "status", "output", "watch"]
        assert s.refuse("tools/call", {"name": "run", "arguments": {"command": "true"}})["code"] == -32602
        assert s.refuse("tasks/cancel", {"taskId": id})["code"] == -32602
        assert s.call("status", task_id=id)["status"] in LIVE
        before = disk(STORE)
        for arguments in ({"all": True}, {"all_sessions": True}):
            assert id in [t["task_id"] for t in s.call("list", **arguments)["tasks"]]
        s.call("output", task_id=id)
        assert s.call("watch", task_id=id, pattern="x", timeout_ms=10)["timed_out"]
        assert s.call("wait", task_ids=[id], timeout_ms=10)["timed_out"]
        assert s.fail("list", session="never seen")["code"] == "TETHER_EGONE"
        assert s.refuse("tasks/get", {"taskId": "never seen/" + id})["code"] == -32602
        assert s.refuse("resources/read", {"uri": "tether://never%20seen/" + id})["code"] == -32002
    after = disk(STORE)
    assert before and after == before, set(before.items()) ^ set(after.items())
    tether("kill", id)


@case
def a_read_only_server_creates_no_store():
    store = os.path.join(PLACE, "of-nobody")
    with Server(SERVER, store, "--read-only") as s:
        assert "no session default" in s.fail("list")["message"]
        assert s.refuse("resources/list")["code"] == -32603
        assert not os.path.exists(store)
        id = json.loads(subprocess.run([TETHER, "--store", store, "--json", "run", "--wait", "true"], check=True, capture_output=True).stdout)["task_id"]
        assert [t["task_id"] for t in s.call("list", all=True)["tasks"]] == [id]
    shutil.rmtree(store)


def disk(place):
    """All names below a directory, with what changes when they or their contents do."""
    found = {}
    for folder, _, files in os.walk(place):
        for path in [folder, *(os.path.join(folder, file) for file in files)]:
            of = os.lstat(path)
            found[path] = (of.st_ino, of.st_size, of.st_mode, of.st_mtime_ns, of.st_ctime_ns)
    return found


@case
def sessions_keep_their_tasks_apart():
    with server() as s:
        id = s.call("run", command="exec sleep 1000", session="apart", wait_ms=0)["task_id"]
        assert s.fail("status", task_id=id)["code"] == "TETHER_ENOTASK"
        assert s.fail("kill", task_id=id)["code"] == "TETHER_ENOTASK"
        assert s.call("status", task_id=id, session="apart")["session_id"] == "apart"
        assert id in [t["task_id"] for t in s.call("list", all_sessions=True)["tasks"]]
        s.call("kill", task_id=id, session="apart", grace_ms=0)
        for i in range(40):
            s.call("list", session=f"many{i}")


# --- Plain lines ----------------------------------------------------------------------------------


@case
def plain_lines_speak_the_same_verbs():
    with server("--jsonl", verb="serve") as s:
        assert s.verb("subscribe")["result"]["session"] == "default"
        id = s.verb("run", command="echo hi", wait_ms=0)["result"]["task_id"]
        event = s.until(lambda m: m.get("event") == "ended" and m["task"]["task_id"] == id)
        assert event["task"]["exit_code"] == 0 and event["session"] == "default"
        assert s.verb("output", task_id=id)["result"]["output"]["text"] == "hi\n"
        names = [v["name"] for v in s.verb("verbs")["result"]["verbs"]]
        assert "run" in names and "subscribe" in names
        error = s.verb("status", task_id="nosuch")["error"]
        assert error["code"] == "TETHER_ENOTASK" and error["step"] and error["message"] and error["cure"]
        assert s.verb("nosuch")["error"]["code"] == "TETHER_EINVAL"
        live = s.verb("run", command="exec sleep 1000", wait_ms=0)["result"]["task_id"]
        s.send({"id": "w", "verb": "wait", "args": {"task_ids": [live]}})
        s.send({"id": "w", "verb": "status", "args": {"task_id": live}})
        assert s.answer("w")["error"]["code"] == "TETHER_EINVAL"
        assert s.verb("cancel", id="w")["result"]["cancelled"] is True
        assert s.verb("cancel", id="w")["result"]["cancelled"] is False
        for line in (b"x", b"[]", b'{"id":1}', b'{"verb":"run"}', b'{"id":1,"verb":"run","args":5}', b"y" * (5 << 20)):
            s.write(line + b"\n")
            assert s.read()["error"]["code"] == "TETHER_EINVAL"
        s.send({"id": 1000, "verb": "kill", "args": {"task_id": live, "grace_ms": 0}})
        assert s.answer(1000)["result"]["status"] == "killed"
        assert s.end() == 0


@case
def a_kill_is_finished_after_the_end_of_the_input():
    with server("--jsonl", verb="serve") as s:
        id = s.verb("run", command="trap '' TERM; while :; do sleep 0.1; done", wait_ms=0)["result"]["task_id"]
        s.send({"id": "k", "verb": "kill", "args": {"task_id": id, "grace_ms": 300}})
        s.process.stdin.close()
        assert s.answer("k")["result"]["status"] == "killed"


@case
def configurations_are_printed():
    for client in ("claude", "cursor", "vscode", "gemini", "zed"):
        file = json.loads(tether("mcp", "--print-config", client, "--read-only"))
        (entry,) = [servers["tether"] for servers in file.values()]
        assert entry["command"] == TETHER and entry["args"] == ["mcp", "--store", STORE, "--read-only"], entry
    import tomllib
    entry = tomllib.loads(tether("mcp", "--print-config", "codex"))["mcp_servers"]["tether"]
    assert entry["command"] == TETHER and entry["args"] == ["mcp", "--store", STORE]


def calls(count):
    """Memory does not grow with the number of calls."""
    with server() as s:
        id = s.call("run", command="echo hi", wait_ms=60000)["task_id"]
        for half in range(2):
            for _ in range(count // 4):
                s.call("status", task_id=id)
                s.call("output", task_id=id, offset=0)
            before, after = (memory(s), None) if half == 0 else (before, memory(s))
        assert after - before < 1 << 20, (before, after)


@native
def many_calls_need_no_more_memory():
    calls(int(os.environ.get("TETHER_TEST_CALLS", "1000")))


def main():
    wanted = sys.argv[2:]
    try:
        for function in CASES:
            if not wanted or function.__name__ in wanted:
                print(function.__name__, flush=True)
                function()
        left = [json.loads(line)["task_id"] for line in tether("--json", "list").splitlines()]
        assert not left, left
    finally:
        for line in subprocess.run([TETHER, "--store", STORE, "--json", "list"], capture_output=True, text=True).stdout.splitlines():
            task = json.loads(line)
            subprocess.run([TETHER, "--store", STORE, "--session", task["session_id"], "kill", task["task_id"]], check=False)
        shutil.rmtree(PLACE, ignore_errors=True)


main()
