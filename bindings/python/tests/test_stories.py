"""The stories of the C tests: a host that dies, completions once, foreground and background, a flood, unicode."""
import asyncio
import os
import signal
import sys
import threading
import unittest

import tether
from support import UNTIL_GO, AsyncPlace, finish, python

HOST = """
import asyncio, sys, tether
async def main():
    async with tether.Registry(store=sys.argv[1], session="agent") as registry:
        task = await registry.spawn(sys.argv[3], workdir=sys.argv[2])
        print(task.id, flush=True)
        await task
asyncio.run(main())
"""
DRAIN = """
import asyncio, sys, tether
async def main():
    async with tether.Registry(store=sys.argv[1]) as registry:
        print("ready", flush=True)
        sys.stdin.readline()
        async for completion in registry.completions(follow=False):
            print(completion.task_id, flush=True)
asyncio.run(main())
"""


class Stories(AsyncPlace):
    async def test_a_task_outlives_its_host_and_completes_once(self):
        host = python(HOST, self.store, self.place, UNTIL_GO + "echo over; exit 7")
        task_id = host.stdout.readline().strip()
        host.send_signal(signal.SIGKILL)
        finish(host)
        async with self.registry(session="agent") as registry:
            task = await registry.get(task_id)
            self.assertFalse((await task.status()).ended)
            self.go()
            end = await self.within(task.wait())
            self.assertEqual((end.status, end.exit_code), (tether.Status.FAILED, 7))
            self.assertEqual(await task.tail(), "over\n")
            self.assertEqual([c.task_id async for c in registry.completions(follow=False)], [task_id])
            self.assertEqual([c.task_id async for c in registry.completions(follow=False)], [])
        async with self.registry(session="agent") as registry:
            self.assertEqual(await registry.peek(), [])

    async def test_what_a_dead_host_has_leased_comes_again(self):
        async with self.registry() as registry:
            task = await registry.spawn("exit 0")
            await self.within(task.wait())
        host = python("import sys, tether.sync as t; r = t.Registry(store=sys.argv[1]); print(len(r.lease()), flush=True); input()",
                      self.store, stdin=-1)
        self.assertEqual(host.stdout.readline(), "1\n")
        async with self.registry() as registry:
            self.assertEqual(await registry.lease(), [])
            host.send_signal(signal.SIGKILL)
            finish(host)
            self.assertEqual([c.task_id async for c in registry.completions(follow=False)], [task.id])

    async def test_several_hosts_get_each_completion_once(self):
        async with self.registry() as registry:
            tasks = [await registry.spawn(["true"]) for _ in range(24)]
            await self.within(asyncio.gather(*tasks))
        hosts = [python(DRAIN, self.store, stdin=-1) for _ in range(3)]
        for host in hosts:
            self.assertEqual(host.stdout.readline(), "ready\n")
        for host in hosts:
            host.stdin.write("\n")
            host.stdin.flush()
        found = []
        for host in hosts:
            output, errors, code = finish(host)
            self.assertEqual((errors, code), ("", 0))
            found += output.split()
        self.assertEqual(sorted(found), sorted(task.id for task in tasks))

    async def test_a_completion_is_acknowledged_by_the_next_turn_and_released_by_an_exception(self):
        async with self.registry() as registry:
            for _ in range(3):
                await self.within((await registry.spawn("exit 0")).wait())
            seen = []
            with self.assertRaises(KeyError):
                async for completion in registry.completions():
                    seen.append(completion.task_id)
                    if len(seen) == 2:
                        raise KeyError("the handler fails")
            pending = [c.task_id for c in await registry.peek()]
            self.assertNotIn(seen[0], pending)
            self.assertIn(seen[1], pending)
            self.assertEqual(len(await registry.lease()), 2)

    async def test_completions_come_as_tasks_end(self):
        async with self.registry() as registry:
            found = []

            async def collect():
                async with registry.completions() as completions:
                    async for completion in completions:
                        found.append(completion.task_id)
                        if len(found) == 3:
                            await completions.ack()
                            return
            collecting = asyncio.ensure_future(collect())
            tasks = [await registry.spawn("sleep 0.0%d" % i) for i in range(3)]
            await self.within(collecting)
            self.assertEqual(sorted(found), sorted(task.id for task in tasks))
            self.assertEqual(await registry.peek(), [])

    async def test_a_run_becomes_background(self):
        async with self.registry() as registry:
            outcome = await registry.run("echo begun; " + UNTIL_GO + "exit 3", wait_ms=300, workdir=self.place)
            self.assertFalse(outcome.snapshot.ended)
            self.go()
            self.assertEqual((await self.within(outcome.task.wait())).exit_code, 3)
            self.assertEqual(await outcome.task.tail(), "begun\n")
            outcome = await self.within(registry.run("echo out; echo err >&2; exit 4"))
            self.assertEqual((outcome.output, outcome.errors, outcome.snapshot.exit_code), (b"out\n", b"err\n", 4))

    async def test_a_flood_leaves_the_loop_alive_and_the_memory_small(self):
        async with self.registry() as registry:
            task = await registry.spawn("head -c 30000000 /dev/zero | tr '\\0' x; yes line | head -n 100000 >&2")
            turns = size = lines = longest = 0

            async def tick():
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)
            ticking = asyncio.ensure_future(tick())

            async def read():
                nonlocal size, lines, longest
                async for line in task.output():
                    longest = max(longest, len(line))
                    if line == "line":
                        lines += 1
                    else:
                        size += len(line)
            await self.within(read())
            ticking.cancel()
            self.assertEqual((size, lines), (30000000, 100000))
            self.assertLess(longest, 2 << 20)
            self.assertGreater(turns, 100)

    async def test_unicode_everywhere(self):
        word = "größe-日本-🙂"
        folder = os.path.join(self.place, word)
        os.mkdir(folder)
        async with self.registry(store=os.path.join(folder, "store"), session="sitzung-ü") as registry:
            outcome = await self.within(registry.run(
                ["sh", "-c", 'pwd; echo "$1 $WORT"; cat', "sh", word], env_set={"WORT": word}, input=word, workdir=folder, name=word))
            self.assertEqual(outcome.text, "%s\n%s %s\n%s" % (folder, word, word, word))
            self.assertEqual(outcome.snapshot.name, word)
            outcome = await self.within(registry.run("echo " + word))
            self.assertEqual(outcome.text, word + "\n")
            task = await registry.spawn("printf 'a\\360\\237'; sleep 0.1; printf '\\231\\202\\nz'")
            self.assertEqual([line async for line in task.output()], ["a🙂", "z"])
            # Bytes that are no text pass as they are.
            outcome = await self.within(registry.run(["printf", "%s", b"\xff\xfe"], env={"PATH": os.environ["PATH"], b"X": b"\xff"}))
            self.assertEqual(outcome.output, b"\xff\xfe")
            outcome = await self.within(registry.run(["printf", "%s", "\udcff"]))
            self.assertEqual(outcome.output, b"\xff")

    async def test_many_waits_have_no_threads(self):
        async with self.registry() as registry:
            before = threading.active_count()
            tasks = [await registry.spawn(UNTIL_GO, workdir=self.place) for _ in range(30)]
            waits = [asyncio.ensure_future(task.wait()) for task in tasks]
            follows = [asyncio.ensure_future(self.read_all(task)) for task in tasks]
            await asyncio.sleep(0.1)
            self.assertLessEqual(threading.active_count(), before)
            self.go()
            await self.within(asyncio.gather(*waits, *follows))
            self.assertEqual({wait.result().status for wait in waits}, {tether.Status.COMPLETED})

    @staticmethod
    async def read_all(task):
        return [line async for line in task.output()]

    async def test_an_end_without_a_completion_is_told(self):
        async with self.registry() as registry:
            task = await registry.spawn("exit 5", no_notify=True)
            self.assertEqual((await self.within(task.wait())).exit_code, 5)
            # Another host takes the completion away.
            task = await registry.spawn(UNTIL_GO, workdir=self.place)
            waiting = asyncio.ensure_future(task.wait())
            other = await self.registry().open()
            self.go()
            await self.within((await other.get(task.id)).wait())
            await other.drain()
            await self.within(waiting)
            await other.close()


@unittest.skipIf(sys.platform == "win32", "there it is the only mode")
class StoriesOnTheThreadOfTheLibrary(Stories):
    dispatch = False

    async def test_many_waits_have_no_threads(self):
        """The library has its own threads here."""


if __name__ == "__main__":
    unittest.main()
