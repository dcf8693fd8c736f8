"""nginx: which processes it calls."""

import os
import signal

from . import accounts, process, servers
from .accounts import account
from .terminal import Failure, run

# Old workers end when their last request has (nginx.conf: worker_shutdown_timeout).
LET_GO_SECONDS = 65


def switch(place, ports):
    """Has nginx call these ports of this machine, and no others, from now on. Returns once no request
    is on its way to another."""
    file = place.nginx / "place/upstream.conf"
    before = file.read_text() if file.exists() else ""
    lines = [f"server 127.0.0.1:{port} max_fails=2 fail_timeout=5s;\n" for port in ports]
    draft = file.with_suffix(".new")
    draft.write_text("".join(lines))
    accounts.give(draft, accounts.NGINX)
    draft.replace(file)
    try:
        run(servers.nginx_command(place, None, "-t", "-q"), account(accounts.NGINX))
    except Failure:
        file.write_text(before)
        raise
    reload(place)


def reload(place):
    master = place.state["servers"].get("nginx")
    if not master or not process.is_alive(master):
        raise Failure("nginx does not run")
    old = process.children(master["pid"])
    os.kill(master["pid"], signal.SIGHUP)
    if not process.wait(lambda: not old & process.children(master["pid"]), LET_GO_SECONDS):
        raise Failure(f"nginx's old workers did not end in {LET_GO_SECONDS} s")
