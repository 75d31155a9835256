"""Asks spin whether a list of steps is a run of the model."""
import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
MODEL = os.path.join(HERE, "../../docs/model/journal.pml")
ROOM = ["-DBRIDGE", "-DHOSTS=hosts", "-DTURNS=250", "-DDEATHS=250", "-DFAILS=250", "-DFILES=10", "-DFULL"]


class Model:
    def __init__(self, folder):
        self.folder = folder
        shutil.copy(MODEL, folder)
        shutil.copy(os.path.join(HERE, "steps.pml"), folder)
        with open(os.path.join(folder, "journal.pml")) as file:
            names = re.search(r"^mtype = \{ (.*) \};", file.read(), re.M)[1].split(", ")
        # spin numbers the names of an mtype from the last to the first.
        self.kinds = {name: number for number, name in enumerate(reversed(names), 1)}
        with open(os.path.join(folder, "steps.pml")) as file:
            self.kinds |= {name: int(number) for name, number in re.findall(r"^#define (\w+) (\d+)", file.read(), re.M)}
        self.kinds["FOREIGN"] = 63
        self.command("spin", *ROOM, "-a", "journal.pml")
        self.command("gcc", "-O0", "-DSAFETY", "-DVECTORSZ=4096", "-o", "pan", "pan.c")

    def command(self, *command):
        subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)

    def is_run(self, steps, folder):
        """A violated assertion of the model is an error: then a real host broke a rule, or the model is wrong."""
        path = os.path.join(folder, "steps")
        with open(path, "w") as file:
            print(max([host for _, host in steps] + [2]) - 1, *(self.kinds[kind] * 16 + host for kind, host in steps), file=file)
        out = subprocess.run([os.path.join(self.folder, "pan"), "-n", "-m100000", "-w18"], cwd=folder, text=True, capture_output=True,
                             env={**os.environ, "TETHER_BRIDGE_TRACE": path}).stdout
        if "end state in claim reached" in out:
            return True
        if "errors: 0" not in out or "max search depth too small" in out:
            raise RuntimeError(f"the model does not answer: {out}\n{text_of(steps)}")
        return False

    def longest_run(self, steps, folder):
        """How many of the first steps are a run."""
        return max(count for count in range(len(steps) + 1) if self.is_run(steps[:count], folder))


def text_of(steps):
    return " ".join(f"{kind}:{host}" for kind, host in steps)
