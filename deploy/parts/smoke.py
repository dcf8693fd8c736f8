"""Whether a service does what it is for, asked from outside."""

import json
import subprocess

from .terminal import Failure
from .web import ask_json


def check(release, url, authority=None):
    """The release's own checks, `researchflow smoke`. Returns what its `/ready` says; raises `Failure`
    with every check that failed."""
    trust = ["--ca", str(authority)] if authority else []
    done = subprocess.run([release["binary"], "smoke", url, *trust, "--json"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, cwd="/", env={})
    try:
        outcomes = json.loads(done.stdout)
    except ValueError:
        raise Failure(f"the checks of {url} could not be made: {done.stderr.strip()}") from None
    failed = [f"{it['check']}: {it['detail']}" for it in outcomes if not it["passed"]]
    if failed or done.returncode != 0:
        raise Failure(f"{url}: {'; '.join(failed) or done.stderr.strip()}")
    return next((it["detail"] for it in outcomes if it["check"] == "ready"), "ready")


def probe(url, authority=None):
    """Whether it still answers and is ready: cheap enough to be asked again and again."""
    for path in ("/health", "/ready"):
        status, answer = ask_json(f"{url}{path}", authority)
        if status != 200:
            raise Failure(f"{url}{path} answered {status} {answer or ''}")
