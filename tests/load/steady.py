#!/usr/bin/env python3
"""Steady traffic from clients that keep their connections, to see whether anything fails meanwhile.

    tests/load/steady.py URL --ca FILE --requests 100000 [--until FILE]   (the API key in RESEARCHFLOW_API_KEY)

Three of four requests send an event, one lists invocations. What is counted:

    answered   2xx
    failed     any other answer, or none
    reopened   requests that met a kept connection which the server had just closed, without a byte
               of an answer, and were sent again on a new one. Every HTTP client does so (RFC 9112,
               section 9.3.1); each event has an event_id, so sending it twice records it once

With --until the clients go on after REQUESTS until the file exists. Ends with code 1 if anything failed.
"""

import argparse
import collections
import http.client
import json
import multiprocessing
import os
import ssl
import sys
import time
from urllib.parse import urlsplit

CLOSED = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError, ssl.SSLZeroReturnError)


class Client:
    def __init__(self, url, ca, number):
        self.parts, self.context, self.number = urlsplit(url), ssl.create_default_context(cafile=ca), number
        self.headers = {"Authorization": f"Bearer {os.environ['RESEARCHFLOW_API_KEY']}", "Content-Type": "application/json"}
        self.connection, self.counts, self.faults = None, collections.Counter(), []

    def one(self, sequence):
        path = "/api/v1/projects/default/invocations"
        if sequence % 4 == 3:
            self.send("GET", f"{path}?limit=5", None)
        else:
            event = {"event_id": f"load-{self.number}-{sequence}", "run_id": f"load-{self.number}", "stage": "screen",
                     "agent": "screener", "tier": "mini", "latency_ms": 640.0,
                     "model": "gpt-4o-mini", "provider": "openai", "usage": {"input_tokens": 800, "output_tokens": 90}}
            self.send("POST", path, json.dumps(event))

    def send(self, method, path, body):
        try:
            reused = self.connection is not None
            try:
                answer = self.exchange(method, path, body)
            except CLOSED:
                if not reused:
                    raise
                self.counts["reopened"] += 1
                self.close()
                answer = self.exchange(method, path, body)
            self.count(answer)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            self.fail(f"{method}: {error!r}")

    def exchange(self, method, path, body):
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.parts.hostname, self.parts.port, timeout=30, context=self.context)
        self.connection.request(method, path, body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.will_close:
            self.close()
        return answer.status, text

    def count(self, answer):
        status, text = answer
        if 200 <= status < 300:
            self.counts["answered"] += 1
        else:
            self.fail(f"{status} {text[:200]!r}")

    def fail(self, text):
        self.counts["failed"] += 1
        if len(self.faults) < 5:
            self.faults.append(text)

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None


def work(arguments, number, requests, results):
    client, sequence = Client(arguments.url, arguments.ca, number), 0
    while sequence < requests or (arguments.until and not os.path.exists(arguments.until)):
        client.one(sequence)
        sequence += 1
    client.close()
    results.put((client.counts, client.faults))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--ca")
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--until", help="go on until this file exists")
    arguments = parser.parse_args()
    results, began = multiprocessing.Queue(), time.monotonic()
    share = -(-arguments.requests // arguments.clients)
    salt = os.getpid()
    clients = [multiprocessing.Process(target=work, args=(arguments, f"{salt}-{number}", share, results))
               for number in range(arguments.clients)]
    for client in clients:
        client.start()
    total, faults = collections.Counter(answered=0, failed=0, reopened=0), []
    for _ in clients:
        counts, found = results.get()
        total.update(counts)
        faults += found
    seconds = time.monotonic() - began
    print(json.dumps({**total, "seconds": round(seconds, 1), "per_second": round(total["answered"] / seconds), "faults": faults[:10]}))
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
