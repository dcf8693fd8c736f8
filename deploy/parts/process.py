"""Processes that outlive the command that started them, known again by their start time."""

import os
import signal
import subprocess
import time

from .terminal import Failure


def start(command, log, account, cwd, environment=None):
    """Starts COMMAND on its own; returns what it is known by."""
    with open(log, "ab") as lines:
        if account:
            # nginx opens its standard output anew, by name.
            os.fchown(lines.fileno(), account["user"], account["group"])
        child = subprocess.Popen([str(it) for it in command], stdin=subprocess.DEVNULL, stdout=lines,
                                 stderr=lines, cwd=cwd, env=environment, start_new_session=True,
                                 **account)
    fields = stat(child.pid)
    # It is followed by its number from here on, by whichever command comes next: Python need not wait.
    child.returncode = 0
    if fields is None:
        raise Failure(f"{command[0]} ended at once: see {log}")
    return {"pid": child.pid, "started": fields["started"]}


def stat(pid):
    """State, parent and start time (in ticks since the machine's start) of a process, or None."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            # The name is in parentheses and may hold anything; what follows it does not.
            rest = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return {"state": rest[0], "parent": int(rest[1]), "started": int(rest[19])}


def is_alive(process):
    """Whether that very process runs; another that has its number by now does not count."""
    reap(process["pid"])
    found = stat(process["pid"])
    return found is not None and found["started"] == process["started"] and found["state"] not in "ZX"


def reap(pid):
    """Forgets a child of ours that has ended; those of others are theirs to forget."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def stop(process, number=signal.SIGTERM, patience=45):
    """Sends a signal and waits; after PATIENCE seconds it is killed. Returns whether it went by itself."""
    if not is_alive(process):
        return True
    os.kill(process["pid"], number)
    if wait(lambda: not is_alive(process), patience):
        return True
    if is_alive(process):
        os.kill(process["pid"], signal.SIGKILL)
        wait(lambda: not is_alive(process), 5)
    return False


def wait(condition, seconds, every=0.05):
    """Waits until CONDITION holds; whether it came to that in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def children(pid):
    """The processes that PID started and that run."""
    found = {int(name): stat(int(name)) for name in os.listdir("/proc") if name.isdigit()}
    return {child for child, it in found.items() if it and it["parent"] == pid and it["state"] != "Z"}
