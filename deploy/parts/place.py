"""The folder of a native stack: where everything is, and what runs now (`stack.json`)."""

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path

from . import accounts
from .terminal import Failure

REPOSITORY = Path(__file__).resolve().parents[2]
INFRASTRUCTURE = REPOSITORY / "infrastructure"
DEFAULT = f"/var/tmp/researchflow-stack-{os.getuid()}"


class Place:
    """Paths below one folder, and `state`: what runs. `save` before anything that may fail."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.secrets = self.folder / "secrets"
        self.logs = self.folder / "logs"
        self.nginx = self.folder / "nginx"
        self.releases = self.folder / "releases"
        self.deployments = self.folder / "deployments"
        self.backups = self.folder / "backups"
        self.file = self.folder / "stack.json"
        self.state = {"settings": {}, "ports": {}, "servers": {}, "release": None, "previous": None}
        self.read()

    def make(self):
        """The folders; others may pass through to what is theirs, and list nothing."""
        for folder in (self.folder, self.secrets, self.logs, self.releases, self.deployments, self.backups):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711)

    def private(self, name, owner):
        """A folder that OWNER alone reads and writes."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        folder.chmod(0o700)
        accounts.give(folder, owner)
        return folder

    def read(self):
        if self.file.exists():
            self.state = json.loads(self.file.read_text())

    def save(self):
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps(self.state, indent=2) + "\n")
        draft.replace(self.file)

    def must_run(self):
        if self.state["release"] is None:
            raise Failure(f"no stack runs in {self.folder}; `make stack` starts one")

    def port(self, name, wanted=0):
        """The port of NAME, chosen once and kept."""
        ports = self.state["ports"]
        if name not in ports:
            ports[name] = wanted or free_port()
            self.save()
        return ports[name]

    @property
    def url(self):
        return f"https://localhost:{self.port('https')}"

    @property
    def authority(self):
        """The certificate that vouches for nginx and Redis here."""
        return self.secrets / "ca.crt"

    @contextlib.contextmanager
    def alone(self):
        """One deployment at a time."""
        with open(self.folder / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(f"another deployment is under way in {self.folder}") from None
            self.read()
            yield


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
