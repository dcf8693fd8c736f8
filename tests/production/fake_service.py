#!/usr/bin/env python3
"""Stands in for a bad release: a program with the service's command line that is not what it should be.

The first word after the file's dash says how it is bad: `fake-unready` never becomes ready,
`fake-failing` finds nothing wrong with itself, and answers 500 once nginx sends it traffic.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

KIND = os.environ.get("FAKE_KIND") or os.path.basename(__file__).partition("-")[2] or "unready"
counts = {"200": 0, "500": 0}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        through_proxy = "X-Forwarded-For" in self.headers
        if self.path == "/metrics":
            lines = [f'researchflow_http_requests_total{{method="GET",route="/x",status="{status}"}} {count}'
                     for status, count in counts.items()]
            return self.answer(200, "\n".join(lines) + "\n")
        if self.path == "/ready" and KIND == "unready":
            return self.answer(503, '{"status":"unavailable"}')
        if through_proxy and self.path not in ("/health", "/ready"):
            counts["500"] += 1
            return self.answer(500, "{}")
        counts["200"] += 1
        known = {"/health": (200, '{"status":"ok"}'), "/ready": (200, '{"status":"ready"}'),
                 "/ledger/invocations/key": (200, "example.org/invocations+00000000+AAAA")}
        return self.answer(*known.get(self.path, (401, "{}")))

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


def listen(name):
    host, port = os.environ[name].rsplit(":", 1)
    return ThreadingHTTPServer((host, int(port)), Handler)


if len(sys.argv) > 1 and sys.argv[1] == "smoke":
    print('[{"check":"ready","passed":true,"detail":"ready"}]')
if len(sys.argv) > 1 and sys.argv[1] == "serve":
    Thread(target=listen("RESEARCHFLOW_METRICS_LISTEN").serve_forever, daemon=True).start()
    listen("RESEARCHFLOW_LISTEN").serve_forever()
