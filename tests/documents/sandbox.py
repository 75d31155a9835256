"""Owns the place in which a sample of a document runs: a folder and a store of its own, and the built command.

Must not: touch the user's store, or leave a task behind.
"""
import os
import pathlib
import signal
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PATIENCE_S = 60


def environment(build, folder):
    """The variables of a sample. Programs in the folder `bin` of its own come first."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TETHER_")}
    own.update(
        HOME=str(folder),
        PATH=os.pathsep.join([str(folder / "bin"), str(build), own["PATH"]]),
        TETHER_STORE=str(folder / "store"),
        TETHER_MONITOR=str(build / "tether-monitor"),
        TETHER_LIBRARY=str(build / "libtether.so"),
        PYTHONPATH=str(ROOT / "bindings/python/src"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    return own


def run(command, build, folder, text=""):
    """Runs a command with this text as standard input. Returns what it prints on both streams, and its exit code or why it has none."""
    own = environment(build, folder)
    # No pipe as output: that would have to be closed by all that the sample leaves running.
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, stderr=subprocess.STDOUT, cwd=folder, env=own, start_new_session=True)
        try:
            process.communicate(text.encode(), timeout=PATIENCE_S)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = "no end within a minute"
        finally:
            subprocess.run([str(build / "tether"), "kill", "--all", "--grace", "0"], env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        said.seek(0)
        return said.read().decode(errors="replace"), code
