"""A stack of its own for a test, in a folder that is deleted, by the scripts that operators use."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "deploy"))
from parts import databases, instances, process  # noqa: E402
from parts.place import Place  # noqa: E402

BINARY = os.path.abspath(os.environ.get("RESEARCHFLOW_BINARY", REPOSITORY / "target/release/researchflow"))
# What one client of a test sends is more than people do.
ROOM = "RESEARCHFLOW_RATE_LIMITS=api=600000/60,ingest=600000/60"


class Stack:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="researchflow-stack-", dir="/var/tmp")
        os.chmod(self.folder, 0o711)
        try:
            self.up()
        except AssertionError:
            self.end()
            raise
        self.key = self.command("admin", "key", "create", "--scope", "ingest", "--scope", "read").split()[-1]

    def up(self):
        self.script("stack", "up", "--binary", BINARY, "--detach", "--set", ROOM)

    def destroy_data(self):
        """As if the disks were lost: what is left are secrets, which are kept elsewhere too."""
        self.script("stack", "down")
        for name in ("postgres", "redis", "data"):
            shutil.rmtree(Path(self.folder) / name)
        self.up()

    def begin(self, name, *arguments):
        """Starts deploy/NAME."""
        command = [sys.executable, REPOSITORY / "deploy" / name, "--dir", self.folder, *arguments]
        return subprocess.Popen([str(it) for it in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def end(self):
        self.script("stack", "down", "--destroy", expect=None)

    @property
    def place(self):
        return Place(self.folder)

    def script(self, name, *arguments, expect=0):
        """Runs deploy/NAME to its end and returns what it said. EXPECT None: however it ends."""
        command = [sys.executable, REPOSITORY / "deploy" / name, "--dir", self.folder, *arguments]
        done = subprocess.run([str(it) for it in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if expect is not None and done.returncode != expect:
            raise AssertionError(f"deploy/{name} {arguments[0]} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def command(self, *arguments):
        place = self.place
        return instances.command(place, place.state["release"], *arguments)

    def last_record(self):
        return json.loads(max(self.place.deployments.glob("*.json")).read_text())

    def load(self, requests, until=None):
        """Starts steady traffic; `finish` waits for it."""
        place = self.place
        command = [sys.executable, REPOSITORY / "tests/load/steady.py", place.url, "--ca", place.authority,
                   "--requests", requests, *(["--until", until] if until else [])]
        return subprocess.Popen([str(it) for it in command], stdout=subprocess.PIPE, text=True,
                                env={**os.environ, "RESEARCHFLOW_API_KEY": self.key})


def finish(load):
    return json.loads(load.communicate(timeout=1800)[0])


def database(stack):
    return databases.of_stack(stack.place)


def alive(instance):
    return process.is_alive(instance)
