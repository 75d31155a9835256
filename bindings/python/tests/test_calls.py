"""Every kind of call once, and that nothing of the description is forgotten."""
import asyncio
import inspect
import json
import pathlib
import signal
import subprocess
import sys
import unittest

import tether
import tether.sync
from support import UNTIL_GO, AsyncPlace, Place
from tether import _api, aio, described

# Where the fields of each structure of options are keywords. The spec and the options of opening take theirs from the
# description. What a field has to do with C only has no keyword.
KEYWORDS = {
    "tether_kill_options": [aio.Task.kill, tether.sync.Task.kill],
    "tether_list_options": [aio.Registry.list, tether.sync.Registry.list],
    "tether_gc_options": [aio.Registry.gc, tether.sync.Registry.gc],
    "tether_watch_spec": [aio.Task.watch, tether.sync.Task.add_watch],
    "tether_proxy_spec": [tether.sync.Proxy.__init__],
    "tether_completion_options": [aio.Registry.lease, tether.sync.Registry.lease],
    "tether_input_options": [tether.sync.Task.write],
}
ELSEWHERE = {"size", "pattern_size", "seen", "at_offset"}


class Description(unittest.TestCase):
    def test_every_option_is_a_keyword(self):
        options = {name for name in described.STRUCTS if name.endswith(("_options", "_spec"))}
        self.assertEqual(options, set(KEYWORDS) | {"tether_spec", "tether_open_options"})
        for struct, functions in KEYWORDS.items():
            for function in functions:
                wanted = {name for name, _ in described.STRUCTS[struct]} - ELSEWHERE
                self.assertLessEqual(wanted, set(inspect.signature(function).parameters), (struct, function))

    def test_the_types_are_those_of_the_description(self):
        root = pathlib.Path(__file__).resolve().parent.parent
        printed = subprocess.run([sys.executable, "-B", str(root / "stubs"), "--print"], stdout=subprocess.PIPE, check=True).stdout
        stored = (root / "src/tether/described.pyi").read_bytes()
        self.assertEqual(printed, stored, "run bindings/python/stubs")

    def test_what_is_unused_has_a_reason_and_exists(self):
        self.assertLessEqual(set(_api.UNUSED), set(_api.DESCRIPTION["functions"]))
        self.assertTrue(all(_api.UNUSED.values()))

    def test_each_code_has_a_class(self):
        self.assertEqual(set(described.ERRORS), set(tether.Code) - {0})
        self.assertEqual(len({kind.__name__ for kind in described.ERRORS.values()}), len(described.ERRORS))

    def test_a_structure_of_an_older_library_lacks_fields(self):
        """And one of a newer library has more, which nobody reads."""
        struct = _api.TYPES.structs["tether_snapshot"]()
        struct.task_id, struct.exit_code, struct.memory_limit, struct.output_limit = b"t1", 3, 9, 8
        struct.size = type(struct).scope.offset
        record = described.record_of("tether_snapshot", struct)
        self.assertEqual((record.task_id, record.exit_code, record.output_limit), ("t1", 3, 8))
        self.assertIsNone(record.memory_limit)
        self.assertIsNone(record.scope)
        struct.size = 100000
        self.assertEqual(described.record_of("tether_snapshot", struct).memory_limit, 9)


class Calls(AsyncPlace):
    async def test_a_snapshot_is_what_its_json_says(self):
        async with self.registry() as registry:
            tasks = [await registry.spawn("echo a | cat", pipestatus=True, shell="bash", name="n", timeout_ms=tether.NO_TIMEOUT),
                     await registry.spawn("kill -9 $$", output_limit=1000),
                     await registry.spawn("sleep 1000", project_root=self.place)]
            for task in tasks[:2]:
                await self.within(task.wait())
            # Its state is the same in both looks.
            while (await tasks[2].status()).status != tether.Status.RUNNING:
                await asyncio.sleep(0.01)
            for task in tasks:
                shown, snapshot = json.loads(await task.json()), await task.status()
                for name in snapshot._fields:
                    value = getattr(snapshot, name)
                    if name == "status":
                        value = value.name.lower()
                    if name in shown and name not in ("duration_ms", "survivor_count", "survivors", "survivor_names"):
                        self.assertEqual(value, shown[name], name)
            self.assertEqual((await tasks[0].status()).pipeline_statuses, [0, 0])
            self.assertEqual((await tasks[1].status()).signal, signal.SIGKILL)
            self.assertEqual((await registry.find(tasks[2].id, self.place)).project_root, self.place)
            self.assertEqual([t.task_id for t in await registry.list(project_root=self.place)], [tasks[2].id])
            self.assertGreaterEqual((await tasks[2].measure()).processes_now, 1)
            await tasks[2].kill(grace_ms=-1)

    async def test_control(self):
        async with self.registry() as registry:
            task = await registry.spawn("trap 'echo usr1; exit 9' USR1; echo ready; " + UNTIL_GO, workdir=self.place, merge_output=True)
            # Before, the shell has no trap.
            async for _ in task.output():
                break
            await task.pause()
            self.assertEqual((await task.status()).status, tether.Status.PAUSED)
            await task.resume()
            await task.extend(600000)
            await task.kill(signal="USR1")
            self.assertEqual((await self.within(task.wait())).exit_code, 9)
            self.assertEqual(await task.exit_status(), 9)
            with self.assertRaises(tether.EndedError):
                await task.pause()
            await task.remove()
            with self.assertRaises(tether.NoTaskError):
                await task.status()
            await registry.finish_kills(1000)
            self.assertEqual((await registry.gc(older_than_ms=-1)).kept, 0)
            self.assertEqual((await registry.cleanup_finished()).removed, 0)

    async def test_a_key_finds_the_task_that_has_it(self):
        async with self.registry() as registry:
            first = await registry.spawn(UNTIL_GO + "exit 3", workdir=self.place, key="build \"1\"")
            second = await registry.spawn("exit 4", key="build \"1\"")
            self.assertEqual((first.found, second.found, second.id), (False, True, first.id))
            self.assertEqual((await second.status()).key, "build \"1\"")
            self.go()
            self.assertEqual((await self.within(second.wait())).exit_code, 3)
            await self.within(first.wait())
            # Its completion is delivered by now.
            await first.ack()
            outcome = await self.within(registry.run("exit 4", key="build \"1\""))
            self.assertEqual((outcome.task.found, outcome.snapshot.exit_code), (True, 3))
            with tether.sync.Registry(store=self.store) as other:
                again = other.spawn("exit 4", key="build \"1\"")
                self.assertEqual((again.found, again.id, again.wait().exit_code), (True, first.id, 3))
                new = other.spawn("exit 4", key="build \"2\"")
                self.assertEqual((new.found, new.wait().exit_code), (False, 4))
            with self.assertRaises(tether.InvalidError):
                await registry.spawn("true", key="")
            with self.assertRaises(TypeError):
                await registry.spawn("true", key="k", found=True)

    async def test_output(self):
        async with self.registry() as registry:
            outcome = await self.within(registry.run("printf 'a\\nb\\nc'; printf e >&2"))
            task = outcome.task
            self.assertEqual(await task.read(offset=2), b"b\nc")
            self.assertEqual(await task.read(tether.Stream.STDERR), b"e")
            self.assertEqual(await task.output_size(), 5)
            self.assertEqual(await task.output_gap(), (0, 0))
            self.assertEqual(await task.tail(1, view=tether.View.STDOUT), "c")
            self.assertEqual(sum(piece.bytes for piece in await task.pieces()), 6)
            chunks = [chunk async for chunk in task.chunks(offsets=[4, 1])]
            self.assertEqual([(c.stream, c.offset, c.data) for c in chunks], [(tether.Stream.STDOUT, 4, b"c")])
            outcome = await self.within(registry.run("printf 123456789", limit=4))
            self.assertEqual((outcome.output, outcome.output_truncated), (b"6789", True))

    async def test_input(self):
        async with self.registry() as registry:
            task = await registry.spawn(["cat"], input_pipe=True)
            self.assertEqual(await task.write("häß"), 5)
            data = bytes(range(256)) * 2000
            self.assertEqual(await self.within(task.write(data)), 5 + len(data))
            await task.close_input()
            await self.within(task.wait())
            self.assertEqual(await task.read(size=1 << 20), "häß".encode() + data)

    async def test_watch_events_and_ring(self):
        async with self.registry() as registry:
            events = []

            async def collect():
                async for event in registry.events():
                    events.append(event.kind)
            collecting = asyncio.ensure_future(collect())
            await asyncio.sleep(0)
            task = await registry.spawn("echo one; %s echo two" % UNTIL_GO, workdir=self.place)
            await task.keep_ring(100)
            found = []
            async for match in task.watch("one|two", whole_lines=True):
                found.append((match.text, match.offset))
                self.go()
            self.assertEqual(found, [(b"one", 0), (b"two", 4)])
            await self.within(task.wait())
            while await task.read_ring() == b"":
                await asyncio.sleep(0.01)
            self.assertIn(await task.read_ring(), (b"one\ntwo\n", b"two\n"))
            with self.assertRaises(tether.PatternError):
                async for _ in task.watch("("):
                    self.fail("no match")
            await asyncio.sleep(0)
        await self.within(collecting)
        self.assertIn(tether.EventKind.COMPLETION, events)

    async def test_proxies(self):
        async with self.registry() as registry:
            async with await registry.proxy("my work", name="n") as proxy:
                await proxy.write(b"output")
                self.assertFalse(proxy.cancelled)
            self.assertEqual((await proxy.task).exit_code, 0)
            with self.assertRaises(KeyError):
                async with await registry.proxy("my work") as proxy:
                    raise KeyError()
            self.assertEqual((await proxy.task).exit_code, 1)
            proxy = await registry.proxy("my work")
            killing = asyncio.ensure_future(proxy.task.kill())
            while not proxy.cancelled:
                await asyncio.sleep(0.01)
            await proxy.finish(signal=signal.SIGTERM)
            await self.within(killing)
            self.assertEqual((await proxy.task).status, tether.Status.KILLED)

    async def test_completion_calls(self):
        async with self.registry() as registry:
            task = await registry.spawn("true", no_notify=True)
            await self.within(task.wait())
            self.assertEqual(await registry.peek(), [])
            await task.promote()
            self.assertEqual([c.task_id for c in await registry.lease()], [task.id])
            await task.release()
            self.assertEqual((await task.ack(), await task.ack()), (True, False))
            await self.within((await registry.spawn("true")).wait())
            self.assertEqual((len(await registry.drain()), len(await registry.drain())), (1, 0))

    async def test_without_a_registry(self):
        outcome = await self.within(tether.run("echo x", store=self.store))
        self.assertEqual(outcome.text, "x\n")
        self.assertIs(await tether.registry(self.store), outcome.task.registry)


class CallsOnTheThreadOfTheLibrary(Calls):
    dispatch = False


class Sync(Place):
    def test_calls(self):
        with tether.sync.Registry(store=self.store) as registry:
            outcome = registry.run("echo out; exit 3", wait_ms=30000)
            self.assertEqual((outcome.text, outcome.snapshot.exit_code), ("out\n", 3))
            tasks = [registry.spawn("echo %d" % i) for i in range(3)]
            registry.wait(tasks, timeout_ms=30000)
            self.assertIn(registry.wait(tasks, any_of=True), range(3))
            self.assertEqual([list(task.output()) for task in tasks], [["0"], ["1"], ["2"]])
            with tether.sync.Registry(store=self.store) as other:
                other.wait_completions(timeout_ms=1000)
                self.assertEqual(len(list(other.completions())), 4)
            task = registry.spawn(["cat"], input_pipe=True)
            self.assertEqual(task.write(b"abc", offset=0), 3)
            task.close_input()
            self.assertEqual(task.wait().exit_code, 0)
            with registry.proxy("work") as proxy:
                proxy.write(b"x")
            self.assertEqual(proxy.task.status().exit_code, 0)
            task = registry.spawn("sleep 1000")
            with self.assertRaises(tether.TimedOutError):
                task.wait(250)
            registry.interrupt()
            with self.assertRaises(tether.ClosedError):
                task.wait()
            registry.close(shutdown=True)
        with tether.sync.Registry(store=self.store) as registry:
            self.assertEqual(registry.list(), [])
        self.assertEqual(tether.sync.run("echo x", store=self.store).text, "x\n")

    def test_of_no_registry(self):
        self.assertEqual(tether.signal_number("TERM"), signal.SIGTERM)
        with self.assertRaises(ValueError):
            tether.signal_number("NONE")
        self.assertEqual(tether.time_text(0), "1970-01-01T00:00:00.000Z")
        self.assertEqual(tether.error_text(tether.Code.ENOTASK), "no such task")
        self.assertTrue(tether.default_store().endswith("tether"))
        self.assertIn("events", [finding.name for finding in tether.doctor(self.store).items])
        for status in tether.Status:
            self.assertEqual(described.ended(status), bool(_api.load().tether_status_ended(status)))


if __name__ == "__main__":
    unittest.main()
