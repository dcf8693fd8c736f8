"""Backup and restore: the database, what the ledger said of itself, the settings without secrets.

A backup is a folder:

    database.dump | database.db     pg_dump's custom format | a SQLite file
    invocations.checkpoint, audit.checkpoint    the ledger's signed heads, taken before the dump
    counts.json                     rows of each table, of the same moment as the dump
    settings.json                   the environment; secrets are files elsewhere, kept elsewhere
    manifest.json                   SHA-256 of each of these, and which binary wrote them
"""

import hashlib
import json
import os
import shutil
import time
from datetime import datetime, timezone
from pathlib import Path

from . import databases, instances, settings
from .terminal import Failure

LOGS = ("invocations", "audit")


def make(place, release):
    """Backs the stack up into a folder of its own, which it returns."""
    folder = place.backups / datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")
    folder.mkdir(mode=0o700)
    command = lambda *arguments: instances.command(place, release, *arguments)
    return write(folder, databases.of_stack(place), command, settings.of(place), release["sha256"])


def write(folder, database, command, environment, sha256):
    for log in LOGS:
        (folder / f"{log}.checkpoint").write_text(command("ledger", "checkpoint", "--log", log))
    counts = database.dump(folder)
    (folder / "counts.json").write_text(json.dumps(counts, indent=2) + "\n")
    kept = {name: value for name, value in sorted(environment.items()) if is_harmless(name, value)}
    (folder / "settings.json").write_text(json.dumps(kept, indent=2) + "\n")
    files = {file.name: digest(file) for file in sorted(folder.iterdir())}
    manifest = {"made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "binary_sha256": sha256, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    for file in folder.iterdir():
        file.chmod(0o600)
    return folder


def is_harmless(name, value):
    """Settings of the service that say where a secret is, never what it is."""
    ours = name.startswith("RESEARCHFLOW_") or name.endswith("_FILE")
    secret = any(word in name for word in ("SECRET", "KEY", "PASSWORD", "BOOTSTRAP", "URL"))
    return ours and (not secret or name.endswith("_FILE") or name == "RESEARCHFLOW_PUBLIC_URL")


def digest(file):
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def check(folder):
    """Raises `Failure` unless every file of a backup is as it was written."""
    folder = Path(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    changed = [name for name, known in manifest["files"].items()
               if not (folder / name).exists() or digest(folder / name) != known]
    if changed:
        raise Failure(f"{folder} was changed since it was made: {', '.join(changed)}")
    return manifest


def restore(folder, database, command):
    """Fills an empty database from a backup and verifies all of it. COMMAND runs the service's binary.

    Returns what `ledger verify` said.
    """
    folder = Path(folder)
    check(folder)
    if not database.is_empty():
        raise Failure("the database is not empty; a backup is restored into an empty one only")
    database.fill(folder)
    expected, found = json.loads((folder / "counts.json").read_text()), database.counts()
    wrong = [f"{table}: {found.get(table)} instead of {count}" for table, count in expected.items()
             if found.get(table) != count]
    if wrong:
        raise Failure(f"counts differ: {'; '.join(wrong)}")
    return command("ledger", "verify", *checkpoints(folder))


def checkpoints(folder):
    """Arguments by which `ledger verify` compares with the heads that were kept. They are copied to
    where the service's user can read them."""
    readable = Path(os.environ.get("TMPDIR", "/tmp")) / f"researchflow-checkpoints-{os.getpid()}"
    shutil.rmtree(readable, ignore_errors=True)
    readable.mkdir(mode=0o755)
    arguments = []
    for log in LOGS:
        shutil.copyfile(folder / f"{log}.checkpoint", readable / log)
        (readable / log).chmod(0o644)
        arguments += ["--checkpoint", readable / log]
    return arguments
