"""Whether a service does what it is for, asked from outside.

`check` is the one place that says how; a command of the service that does more belongs here.
"""

from .terminal import Failure
from .web import ask, ask_json


def check(url, authority=None):
    """Alive, ready, the ledger's public head, and no access without credentials.

    Raises `Failure` with what is wrong.
    """
    status, health = ask_json(f"{url}/health", authority)
    if status != 200 or (health or {}).get("status") != "ok":
        raise Failure(f"{url}/health answered {status}")
    status, ready = ask_json(f"{url}/ready", authority)
    if status != 200:
        raise Failure(f"{url}/ready answered {status} {ready or ''}")
    status, _ = ask(f"{url}/api/v1/projects", authority)
    if status != 401:
        raise Failure(f"{url}/api/v1/projects answered {status} without credentials, and should answer 401")
    status, key = ask(f"{url}/ledger/invocations/key", authority)
    if status != 200 or "/invocations+" not in key:
        raise Failure(f"{url}/ledger/invocations/key answered {status}")
    return (ready or {}).get("status", "ready")
