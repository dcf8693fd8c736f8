"""What was done in a deployment: deployments/<time>.json, written anew after every step."""

import contextlib
import getpass
import json
import os
import socket
import time
from datetime import datetime, timezone

from .terminal import Failure, say


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Record:
    """Who did what, when, how long each step took, and how it ended."""

    def __init__(self, place, action, **facts):
        name = now().replace(":", "").replace("-", "")
        self.path = place.deployments / f"{name}-{action}.json"
        who = f"{os.environ.get('SUDO_USER') or getpass.getuser()}@{socket.gethostname()}"
        self.facts = {"action": action, "who": who, "began_at": now(), **facts, "steps": [], "result": "under way"}
        self.write()

    def write(self):
        """Whole or not at all: others may read it meanwhile, and this may be the last that is done."""
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(self.facts, indent=2) + "\n")
        draft.replace(self.path)

    @contextlib.contextmanager
    def step(self, name):
        """A step with its time; what the caller adds to the yielded dict is kept with it."""
        say(name)
        entry = {"step": name, "began_at": now()}
        self.facts["steps"].append(entry)
        self.write()
        began = time.monotonic()
        try:
            yield entry
            entry["outcome"] = "done"
        except Failure as failure:
            entry["outcome"] = f"failed: {failure}"
            raise
        finally:
            entry["seconds"] = round(time.monotonic() - began, 3)
            self.write()

    def end(self, result, reason=None):
        self.facts.update(result=result, ended_at=now(), **({"reason": str(reason)} if reason else {}))
        self.write()
        say(f"{self.facts['action']}: {result}" + (f" ({reason})" if reason else ""))
