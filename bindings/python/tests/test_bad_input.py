"""Bad input and bad moments: each has a clear message, and nothing is lost."""
import asyncio
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import unittest

import tether
import tether.sync
from support import UNTIL_GO, AsyncPlace, Place, environment, finish, python


class Libraries(Place):
    """Each in a process of its own, because a library is loaded once."""

    def message(self, library):
        output, errors, code = finish(python(
            "import tether\ntry: tether.version()\nexcept tether.LibraryError as e: print(e)", env=environment(TETHER_LIBRARY=library)))
        self.assertEqual((errors, code), ("", 0))
        return output

    def compile(self, text):
        path = os.path.join(self.place, "libtether.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", path, "-"], input=text.encode(), check=True)
        return path

    def test_missing(self):
        message = self.message("/nowhere/libtether.so")
        self.assertIn("/nowhere/libtether.so", message)
        self.assertIn("TETHER_LIBRARY", message)
        self.assertIn("install tether", message)

    def test_another_file(self):
        text = os.path.join(self.place, "text")
        with open(text, "w", encoding="utf-8") as file:
            file.write("no library")
        self.assertIn("cannot be loaded", self.message(text))
        self.assertIn("is no tether library", self.message(self.compile("int other;")))

    def test_older(self):
        path = self.compile('const char *tether_version(void) { return "0.0.9"; }')
        self.assertIn("is version 0.0.9, and this binding needs 0.1.0 or later", self.message(path))

    def test_one_that_lacks_functions(self):
        path = self.compile('const char *tether_version(void) { return "0.1.0"; }')
        self.assertIn("is older than this binding: it has no tether_error_name", self.message(path))

    def test_newer(self):
        path = self.compile('const char *tether_version(void) { return "1.0.0"; }')
        self.assertIn("install the Python package that came with that library", self.message(path))

    def test_an_argument_names_it_and_a_second_one_is_refused(self):
        real = os.environ["TETHER_LIBRARY"]
        program = ("import sys, tether; tether.load_library(sys.argv[1]); print(tether.version())\n"
                   "try: tether.load_library('/other.so')\nexcept tether.LibraryError as e: print(e)")
        output, errors, code = finish(python(program, real, env=environment(TETHER_LIBRARY="/nowhere")))
        self.assertEqual((errors, code), ("", 0))
        self.assertIn("is loaded already", output)


class Arguments(Place):
    def test_messages(self):
        with tether.sync.Registry(store=self.store) as registry:
            for keywords, kind, text in [
                    ({"timout_ms": 1}, TypeError, "did you mean 'timeout_ms'"),
                    ({"env": {"A=B": "c"}}, ValueError, "no '='"),
                    ({"env": {"A": "b\0c"}}, ValueError, "NUL"),
                    ({"env_unset": "PATH"}, TypeError, "has to be a list"),
                    ({"workdir": 3}, TypeError, "workdir has to be text"),
                    ({"timeout_ms": "3"}, TypeError, "timeout_ms has to be a whole number"),
                    ({"output_limit": -1}, OverflowError, "output_limit is out of range"),
                    ({"output": "nonsense"}, ValueError, "auto, direct, pipe"),
                    ({"input": "x", "input_pipe": True}, TypeError, "input excludes"),
                    ({"argv": ["x"]}, TypeError, "given twice")]:
                with self.assertRaises(kind, msg=keywords) as caught:
                    registry.spawn("true", **keywords)
                self.assertIn(text, str(caught.exception))
            with self.assertRaises(TypeError):
                registry.spawn()
            self.assertEqual(registry.list("all"), [])
        with self.assertRaises(TypeError):
            tether.sync.Registry(stor="x")
        with self.assertRaises(TypeError):
            tether.Registry(loop=1)

    def test_errors_have_code_name_step_and_class(self):
        with tether.sync.Registry(store=self.store) as registry:
            with self.assertRaises(tether.NoProgramError) as caught:
                registry.spawn(["no-such-program"])
            error = caught.exception
            self.assertIsInstance(error, tether.Error)
            self.assertEqual((error.code, error.name, error.step), (tether.Code.ENOPROGRAM, "TETHER_ENOPROGRAM", "find program"))
            self.assertIn("no-such-program", error.message)
            copy = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(copy), copy.code, str(copy)), (type(error), error.code, str(error)))
            with self.assertRaises(tether.NoTaskError):
                registry.get("tabcdefghijk")
            with self.assertRaises(tether.WorkdirError) as caught:
                registry.spawn("true", workdir="/nowhere")
            self.assertNotEqual(caught.exception.os_error, 0)


class Callbacks(AsyncPlace):
    async def test_an_exception_in_on_event_goes_to_the_handler_of_the_loop(self):
        problems = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))

        def on_event(event):
            raise KeyError(event.kind)
        async with self.registry(on_event=on_event) as registry:
            self.assertEqual((await self.within(registry.run("exit 3"))).snapshot.exit_code, 3)
            await asyncio.sleep(0)
        self.assertIn("on_event", problems[0]["message"])
        self.assertIsInstance(problems[0]["exception"], KeyError)

    async def test_compress(self):
        async with self.registry(compress=lambda command, text: text.replace("and more", "+")) as registry:
            end = await self.within((await registry.spawn("echo this and more")).wait())
            self.assertEqual((end.output_preview, end.compressed), ("this +\n", True))

        def failing(command, text):
            raise KeyError("compress")
        problems = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
        async with self.registry(compress=failing) as registry:
            task = await registry.spawn("echo long")
            await self.within(task.wait())
            self.assertEqual((await task.status()).output_preview, "long\n")
            await asyncio.sleep(0)
        self.assertIn("compress", problems[0]["message"])

    async def test_an_open_registry_in_a_callback(self):
        """A callback may use the registry, and may end it."""
        closed = asyncio.Event()

        async def close():
            await registry.close()
            closed.set()

        def on_event(event):
            if event.kind == tether.EventKind.COMPLETION:
                self.keep = asyncio.ensure_future(close())
        registry = await self.registry(on_event=on_event).open()
        await registry.spawn("true")
        await self.within(closed.wait())


class CallbacksOnTheThreadOfTheLibrary(Callbacks):
    dispatch = False


class SyncCallbacks(Place):
    def test_an_exception_in_on_event_goes_to_the_unraisable_hook(self):
        problems = []
        old, sys.unraisablehook = sys.unraisablehook, problems.append
        try:
            def on_event(event):
                raise KeyError(event.kind)
            with tether.sync.Registry(store=self.store, on_event=on_event) as registry:
                registry.spawn("true").wait()
                waiting = threading.Event()
                while not problems:
                    waiting.wait(0.01)
        finally:
            sys.unraisablehook = old
        self.assertIs(problems[0].exc_type, KeyError)
        self.assertIn("on_event", problems[0].err_msg)

    def test_a_callback_may_close_the_registry(self):
        closed = threading.Event()

        def on_event(event):
            if event.kind == tether.EventKind.COMPLETION:
                registry.close()
                closed.set()
        registry = tether.sync.Registry(store=self.store, on_event=on_event)
        task = registry.spawn("true")
        self.assertTrue(closed.wait(30))
        with self.assertRaises(tether.ClosedError):
            task.status()


class Moments(AsyncPlace):
    async def test_a_cancelled_await(self):
        async with self.registry() as registry:
            goes_on = await registry.spawn(UNTIL_GO + "exit 3", workdir=self.place)
            killed = await registry.spawn("sleep 1000")
            for task, kill in ((goes_on, False), (killed, True)):
                waiting = asyncio.ensure_future(task.wait(kill_on_cancel=kill))
                await asyncio.sleep(0.05)
                waiting.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await self.within(waiting)
            self.assertEqual((await killed.status()).status, tether.Status.KILLED)
            self.assertFalse((await goes_on.status()).ended)
            self.go()
            self.assertEqual((await self.within(goes_on.wait())).exit_code, 3)

            running = asyncio.ensure_future(registry.run("sleep 1000", kill_on_cancel=True))
            await asyncio.sleep(0.05)
            running.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await self.within(running)
            self.assertEqual(await registry.list(), [])

    async def test_a_wait_that_is_too_short(self):
        async with self.registry() as registry:
            task = await registry.spawn(UNTIL_GO, workdir=self.place)
            with self.assertRaises(tether.TimedOutError):
                await task.wait(20)
            self.go()
            await self.within(task.wait(60000))

    async def test_collected_objects_leave_the_task_alone(self):
        async with self.registry() as registry:
            task = await registry.spawn(UNTIL_GO + "exit 3", workdir=self.place)
            task_id = task.id
            lines = task.output()
            reading = asyncio.ensure_future(lines.__anext__())
            await asyncio.sleep(0.02)
            reading.cancel()
            del task, lines, reading
            gc.collect()
            task = await registry.get(task_id)
            self.assertFalse((await task.status()).ended)
            self.go()
            self.assertEqual((await self.within(task.wait())).exit_code, 3)

    async def test_a_closed_registry(self):
        registry = await self.registry().open()
        task = await registry.spawn(UNTIL_GO, workdir=self.place)
        waiting = asyncio.ensure_future(task.wait())
        reading = asyncio.ensure_future(self.read_all(task))
        await asyncio.sleep(0.02)
        await registry.close()
        await registry.close()
        for work in (waiting, reading, task.wait(), task.kill(), registry.spawn("true")):
            with self.assertRaises(tether.ClosedError):
                await self.within(work)
        self.go()

    @staticmethod
    async def read_all(task):
        return [line async for line in task.output()]

    async def test_a_fork(self):
        async with self.registry() as registry:
            task = await registry.spawn(UNTIL_GO + "exit 3", workdir=self.place)
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    registry.sync.list()
                except tether.ForkedError as error:
                    code = 0 if "was forked" in str(error) else 2
                finally:
                    registry._handle.close()
                    os._exit(code)
            self.assertEqual(os.waitpid(child, 0)[1], 0)
            self.go()
            self.assertEqual((await self.within(task.wait())).exit_code, 3)


class MomentsOnTheThreadOfTheLibrary(Moments):
    dispatch = False


def _in_child(store, registry, queue):
    try:
        registry.list()
    except tether.ForkedError:
        with tether.sync.Registry(store=store) as own:
            queue.put(own.run("exit 6").snapshot.exit_code)


class Processes(Place):
    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_multiprocessing(self):
        context = multiprocessing.get_context("fork")
        with tether.sync.Registry(store=self.store) as registry:
            queue = context.Queue()
            child = context.Process(target=_in_child, args=(self.store, registry, queue))
            child.start()
            self.assertEqual(queue.get(timeout=30), 6)
            child.join()
            self.assertEqual(child.exitcode, 0)
            self.assertEqual(len(registry.list("all")), 1)

    def exits(self, program, code=0, errors=""):
        process = python(program, self.store)
        self.assertEqual(finish(process)[1:], (errors, code))
        with tether.sync.Registry(store=self.store) as registry:
            self.assertEqual([task.ended for task in registry.list("all")], [False])

    def test_an_exit_with_an_open_registry(self):
        self.exits("import sys, tether.sync as t\nr = t.Registry(store=sys.argv[1])\nr.spawn('sleep 1000')")

    def test_an_exit_with_events(self):
        self.exits("import sys, tether.sync as t\nr = t.Registry(store=sys.argv[1], on_event=print)\n"
                   "k = r.spawn('sleep 1000')\nnext(iter([0]))")

    def test_an_exit_while_a_thread_waits(self):
        self.exits("import sys, threading, time, tether.sync as t\nr = t.Registry(store=sys.argv[1])\ntask = r.spawn('sleep 1000')\n"
                   "def wait():\n  try: task.wait()\n  except t.Error: pass\n"
                   "threading.Thread(target=wait, daemon=True).start()\ntime.sleep(0.1)".replace("t.Error", "Exception"))

    def test_an_exit_from_asyncio(self):
        self.exits("import sys, asyncio, tether\n"
                   "async def main():\n  await tether.spawn('sleep 1000', store=sys.argv[1])\nasyncio.run(main())")

    def test_an_exit_in_a_loop_on_the_thread_of_the_library(self):
        self.exits("import sys, asyncio, tether\nasync def main():\n"
                   "  r = await tether.Registry(store=sys.argv[1], dispatch=False)\n  await r.spawn('sleep 1000')\nasyncio.run(main())")

    def test_interrupt_by_a_signal(self):
        # What runs the tests may have set the signal to be ignored.
        program = ("import signal, sys, tether.sync as t\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
                   "r = t.Registry(store=sys.argv[1])\ntask = r.spawn('sleep 1000')\n"
                   "try:\n  print('waits', flush=True)\n  task.wait()\nexcept KeyboardInterrupt: print('stopped')")
        process = python(program, self.store)
        self.assertEqual(process.stdout.readline(), "waits\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(finish(process), ("stopped\n", "", 0))

    def test_a_close_by_another_thread(self):
        registry = tether.sync.Registry(store=self.store)
        task = registry.spawn("sleep 1000")
        results = []

        def wait():
            try:
                task.wait()
            except tether.ClosedError as error:
                results.append(error)
        threads = [threading.Thread(target=wait) for _ in range(4)]
        for thread in threads:
            thread.start()
        registry.close()
        for thread in threads:
            thread.join(30)
        self.assertEqual(len(results), 4)


if __name__ == "__main__":
    unittest.main()
