"""Processes of the service: two that serve and one worker, all of one release."""

import hashlib
import shutil
import subprocess

from . import accounts, process, settings, smoke
from .accounts import account
from .place import free_port
from .terminal import Failure, run
from .web import ask

READY_SECONDS = 30
SERVING = 2


def keep(place, binary):
    """Copies a binary into the stack, under its digest: a release is these very bytes."""
    with open(binary, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    kept = place.releases / digest[:16] / "researchflow"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.parent.chmod(0o755)
        shutil.copy(binary, kept.with_suffix(".new"))
        kept.with_suffix(".new").chmod(0o755)
        kept.with_suffix(".new").rename(kept)
    return {"sha256": digest, "binary": str(kept), "serve": [], "worker": None}


def command(place, release, *arguments, stdin=subprocess.DEVNULL):
    """Runs a command of the service, such as `migrate up`, with the service's settings."""
    place.private("data", accounts.SERVICE)
    return run([release["binary"], *arguments], account(accounts.SERVICE), env=settings.of(place),
               cwd=place.folder / "data", stdin=stdin)


def start(place, release, ready_seconds=READY_SECONDS):
    """Starts the processes that serve, at free ports beside whatever runs, and waits until they are
    ready. None of them is left if one does not come to that."""
    place.private("data", accounts.SERVICE)
    try:
        for _ in range(SERVING):
            release["serve"].append(launch(place, release, "serve", "--no-migrate"))
            place.save()
        for instance in release["serve"]:
            wait_ready(instance, ready_seconds)
    except Failure:
        stop(release)
        raise


def launch(place, release, *arguments):
    port, metrics = free_port(), free_port()
    log = place.logs / f"{arguments[0]}-{port}.log"
    started = process.start([release["binary"], *arguments], log, account(accounts.SERVICE), place.folder / "data",
                            settings.of(place, port, metrics))
    return {**started, "port": port, "metrics": metrics, "log": str(log)}


def wait_ready(instance, seconds):
    url = f"http://127.0.0.1:{instance['port']}/ready"
    process.wait(lambda: ask(url)[0] == 200 or not process.is_alive(instance), seconds, every=0.1)
    status, text = ask(url)
    if status != 200:
        ended = "" if process.is_alive(instance) else " and ended"
        with open(instance["log"], errors="replace") as log:
            raise Failure(f"a new process was not ready in {seconds:g} s{ended}: {status} {text} {log.read()[-1000:]}")


def smoke_all(release):
    for instance in release["serve"]:
        smoke.check(release, f"http://127.0.0.1:{instance['port']}")


def start_worker(place, release):
    release["worker"] = launch(place, release, "worker")
    place.save()


def stop(release):
    """Drains: SIGTERM, and whatever is under way is answered. Whether all ended by themselves."""
    worker = [release["worker"]] if release["worker"] else []
    ended = [process.stop(instance) for instance in [*release["serve"], *worker]]
    release["serve"], release["worker"] = [], None
    return all(ended)
