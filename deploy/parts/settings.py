"""The environment of the service in a native stack: the checked-in file, and what the place changes."""

import os

from .place import REPOSITORY
from .terminal import Failure


def read(path):
    """NAME=VALUE lines; `#` begins a comment."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def of(place, listen=0, metrics=0):
    """Variables for a process of the service that listens on these ports."""
    file = REPOSITORY / f".env.{place.state['environment']}"
    if not file.exists():
        raise Failure(f"there is no {file.name}")
    secrets = place.secrets
    here = {
        "RESEARCHFLOW_LISTEN": f"127.0.0.1:{listen}",
        "RESEARCHFLOW_METRICS_LISTEN": f"127.0.0.1:{metrics}" if metrics else "",
        "RESEARCHFLOW_TRUSTED_PROXIES": "127.0.0.0/8",
        "RESEARCHFLOW_PUBLIC_URL": place.url,
        "RESEARCHFLOW_DATA_DIR": str(place.folder / "data"),
        "RESEARCHFLOW_REDIS_CA": str(place.authority),
    }
    files = {name: str(secrets / name.removesuffix("_FILE").removeprefix("RESEARCHFLOW_").lower())
             for name in read(file) if name.endswith("_FILE")}
    base = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return {**base, **read(file), **here, **files, **place.state["settings"]}
