"""What has to hold before anything is changed."""

import shutil

from . import instances, process, servers, smoke
from .accounts import NGINX, account
from .terminal import Failure, run

FREE_BYTES = 1 << 30


def all_of(place, new=None, must_be_well=True):
    """Raises `Failure` with everything that does not hold. A roll-back may lead away from a service
    that is not well."""
    faults = []
    for check in (programs_run, disk_has_room, nginx_is_valid, *([service_is_well] if must_be_well else [])):
        collect(faults, check, place)
    collect(faults, settings_are_valid, place, new or place.state["release"])
    if faults:
        raise Failure("; ".join(faults))


def collect(faults, check, *arguments):
    try:
        check(*arguments)
    except Failure as failure:
        faults.append(str(failure))


def programs_run(place):
    dead = [name for name in servers.ORDER if not process.is_alive(place.state["servers"].get(name, {"pid": 0, "started": 0}))]
    if dead:
        raise Failure(f"not running: {', '.join(dead)}")


def service_is_well(place):
    """What runs now is well: an automatic roll-back would lead to it."""
    smoke.check(place.state["release"], place.url, place.authority)


def disk_has_room(place):
    free = shutil.disk_usage(place.folder).free
    if free < FREE_BYTES:
        raise Failure(f"only {free >> 20} MiB are free in {place.folder}")


def nginx_is_valid(place):
    run(servers.nginx_command(place, None, "-t", "-q"), account(NGINX))


def settings_are_valid(place, release):
    """The binary starts, accepts the settings, and reaches the database."""
    instances.command(place, release, "migrate", "status")
