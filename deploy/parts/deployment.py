"""A release and a roll-back: the new processes beside the old, then nginx, then the old ones end."""

import shutil

from . import backup, checks, instances, proxy, smoke
from .record import Record
from .terminal import Failure
from .watch import watch

KEPT_RELEASES = 3


class Limits:
    """What a new release has to keep to: how soon it is ready, and how it does while it is watched."""

    def __init__(self, ready, seconds, error_rate, latency):
        self.ready, self.seconds, self.error_rate, self.latency = ready, seconds, error_rate, latency


def release(place, binary, limits, with_backup=True):
    """Puts BINARY in the place of what runs. Returns whether it stayed."""
    with place.alone():
        give_up_leftovers(place)
        old = place.state["release"]
        new = instances.keep(place, binary)
        record = Record(place, "release", before=old["sha256"], after=new["sha256"], binary=str(binary))
        return replace(place, record, new, limits, with_backup, migrate=True)


def rollback(place, limits):
    """Puts the release before this one back. The schema stays: each version works with the next one's."""
    with place.alone():
        give_up_leftovers(place)
        previous, old = place.state["previous"], place.state["release"]
        if previous is None:
            raise Failure("there is no release before this one")
        new = {**previous, "serve": [], "worker": None}
        record = Record(place, "rollback", before=old["sha256"], after=new["sha256"])
        return replace(place, record, new, limits, with_backup=False, migrate=False)


def give_up_leftovers(place):
    """A deployment that was killed may have left processes, and nginx calling the new ones."""
    left = [place.state[name] for name in ("candidate", "retired") if place.state.get(name)]
    if left:
        proxy.switch(place, [it["port"] for it in place.state["release"]["serve"]])
        for processes in left:
            instances.stop(processes)
        place.state.update(candidate=None, retired=None)
        place.save()


def replace(place, record, new, limits, with_backup, migrate):
    old = place.state["release"]
    try:
        prepare(place, record, new, limits, with_backup, migrate)
    except Failure as failure:
        # Nothing was switched: the old processes never noticed.
        instances.stop(new)
        place.state["candidate"] = None
        place.save()
        record.end("failed", failure)
        return False
    try:
        take_over(place, record, old, new, limits)
    except Failure as failure:
        give_back(place, record, old, new)
        record.end("rolled back", failure)
        return False
    try:
        finish(place, record, old, new)
        record.end("done")
    except Failure as failure:
        record.end("done", f"what was left over is for the next deployment: {failure}")
    return True


def prepare(place, record, new, limits, with_backup, migrate):
    with record.step("check"):
        checks.all_of(place, new, must_be_well=migrate)
    if with_backup:
        with record.step("back up") as entry:
            entry["backup"] = str(backup.make(place, place.state["release"]))
    if migrate:
        with record.step("migrate") as entry:
            entry["said"] = instances.command(place, new, "migrate", "up").strip()
    with record.step("start the new beside the old") as entry:
        place.state["candidate"] = new
        instances.start(place, new, limits.ready)
        entry["ports"] = [it["port"] for it in new["serve"]]
    with record.step("smoke"):
        instances.smoke_all(new)


def take_over(place, record, old, new, limits):
    with record.step("switch"):
        proxy.switch(place, [it["port"] for it in new["serve"]])
    with record.step("smoke through nginx"):
        # By the old binary, which is known to be good: the new one may think well of itself.
        smoke.check(old, place.url, place.authority)
    with record.step("watch") as entry:
        probe = lambda: smoke.probe(place.url, place.authority)
        entry.update(watch(new, limits.seconds, limits.error_rate, limits.latency, probe))


def give_back(place, record, old, new):
    """Back to the old processes, which still run."""
    with record.step("switch back"):
        proxy.switch(place, [it["port"] for it in old["serve"]])
    with record.step("stop the new"):
        instances.stop(new)
        place.state["candidate"] = None
        place.save()


def finish(place, record, old, new):
    """From here on the new release is the one that runs; the old one is only to end."""
    previous = {**old, "serve": [], "worker": None} if old["sha256"] != new["sha256"] else place.state["previous"]
    place.state.update(release=new, previous=previous, retired=old, candidate=None)
    place.save()
    with record.step("replace the worker"):
        instances.start_worker(place, new)
    with record.step("drain the old") as entry:
        entry["ended_by_themselves"] = instances.stop(old)
        place.state["retired"] = None
        place.save()
    with record.step("clean up"):
        clean_up(place)


def clean_up(place):
    """Keeps the last binaries, and whatever runs or may be gone back to."""
    used = {place.state[name]["sha256"][:16] for name in ("release", "previous") if place.state[name]}
    folders = sorted(place.releases.iterdir(), key=lambda it: it.stat().st_mtime, reverse=True)
    for folder in folders[KEPT_RELEASES:]:
        if folder.name not in used:
            shutil.rmtree(folder)
