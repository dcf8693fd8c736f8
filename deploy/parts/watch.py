"""Whether a release does well: errors and times, from the /metrics of its processes."""

import re
import time

from . import process
from .terminal import Failure
from .web import ask

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def samples(text):
    """Prometheus text as (name, labels, value)."""
    for line in text.splitlines():
        found = SAMPLE.match(line)
        if found:
            name, labels, value = found.groups()
            yield name, dict(LABEL.findall(labels or "")), float(value)


class Reading:
    """Counts of one moment, over all processes of a release."""

    def __init__(self, release):
        self.requests, self.errors, self.buckets = 0.0, 0.0, {}
        for instance in release["serve"]:
            status, text = ask(f"http://127.0.0.1:{instance['metrics']}/metrics")
            if status != 200:
                raise Failure(f"/metrics of process {instance['pid']} answered {status}")
            for name, labels, value in samples(text):
                self.add(name, labels, value)

    def add(self, name, labels, value):
        # A probe that says no is an answer, not an error.
        if labels.get("route") in ("/health", "/ready"):
            return
        if name == "researchflow_http_requests_total":
            self.requests += value
            self.errors += value if labels["status"].startswith("5") else 0
        elif name == "researchflow_http_request_seconds_bucket":
            bound = float(labels["le"])
            self.buckets[bound] = self.buckets.get(bound, 0.0) + value


def p95(before, after):
    """The bucket's bound below which 95 of 100 requests between two readings were answered, or None."""
    counts = {bound: after.buckets[bound] - before.buckets.get(bound, 0.0) for bound in sorted(after.buckets)}
    total = counts.get(float("inf"), 0.0)
    if total < 20:
        return None
    return next(bound for bound, count in counts.items() if count >= 0.95 * total)


def watch(release, seconds, error_rate, latency, probe):
    """Watches for SECONDS. Raises `Failure` once more than ERROR_RATE of the requests since the
    beginning failed, 95 of 100 took longer than LATENCY seconds, a process ended, or PROBE raises."""
    first = Reading(release)
    deadline = time.monotonic() + seconds
    while True:
        probe()
        for instance in release["serve"]:
            if not process.is_alive(instance):
                raise Failure(f"process {instance['pid']} of the release ended by itself")
        now = Reading(release)
        requests, errors = now.requests - first.requests, now.errors - first.errors
        slowest = p95(first, now)
        if errors > error_rate * max(requests, 1):
            raise Failure(f"{errors:.0f} of {requests:.0f} requests failed")
        if slowest is not None and slowest > latency:
            raise Failure(f"the 95th percentile of {requests:.0f} requests is above {latency} s")
        if time.monotonic() > deadline:
            return {"requests": int(requests), "errors": int(errors), "p95_below_seconds": slowest}
        time.sleep(0.5)
