"""What all tests of the Python package share: a store of their own, whose tasks are gone at the end."""
import asyncio
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import tether
import tether.sync

PACKAGE = pathlib.Path(tether.__file__).resolve().parent.parent
# That a step of a loop took long says only how busy the machine is.
logging.getLogger("asyncio").setLevel(logging.ERROR)
# Every test ends, also if the library does not.
LIMIT_S = 60
# Goes on until the file `go` is in its working directory.
UNTIL_GO = "until [ -e go ]; do sleep 0.05; done; "


def environment(**more):
    found = dict(os.environ, PYTHONPATH=str(PACKAGE), PYTHONDONTWRITEBYTECODE="1")
    found.update(more)
    return found


def python(program, *arguments, env=None, **options):
    """Starts a Python program, as another host."""
    return subprocess.Popen([sys.executable, "-c", program, *arguments], env=env or environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **options)


def finish(process):
    """Its outputs and exit code; a process that hangs fails the test."""
    try:
        output, errors = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        output, errors = process.communicate()
        raise AssertionError("the process hangs; it has printed: " + output + errors)
    return output, errors, process.returncode


class Place(unittest.TestCase):
    def setUp(self):
        self.place = tempfile.mkdtemp(prefix="tether-python-")
        self.store = os.path.join(self.place, "store")
        self.addCleanup(self.remove_place)

    def remove_place(self):
        if os.path.exists(self.store):
            tether.sync.Registry(store=self.store).close(shutdown=True)
        shutil.rmtree(self.place)

    def go(self):
        pathlib.Path(self.place, "go").touch()


class AsyncPlace(Place, unittest.IsolatedAsyncioTestCase):
    """Tests in a loop. `registry()` opens a registry in the mode of the test class."""
    dispatch = None

    def registry(self, **options):
        options.setdefault("store", self.store)
        return tether.Registry(dispatch=self.dispatch, **options)

    async def within(self, work):
        return await asyncio.wait_for(work, LIMIT_S)
