"""Runs each emitter against a sink and keeps what it sent: crates/otlp/tests/fixtures.

`<dialect>.<n>.bin` is a request body (protobuf, decompressed), `<dialect>.json` what the emitter
printed. Run it again after changing an emitter or a version in requirements.txt.
"""

import gzip
import pathlib
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parents[1] / "crates/otlp/tests/fixtures"
bodies = []


class Sink(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path.endswith("/v1/traces"):
            bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def main():
    FIXTURES.mkdir(parents=True, exist_ok=True)
    sink = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{sink.server_port}"
    for dialect in ["opentelemetry", "openinference", "traceloop", "langfuse"]:
        bodies.clear()
        command = [sys.executable, HERE / f"emit_{dialect}.py", "--url", url, "--key", "any-key"]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
        for old in FIXTURES.glob(f"{dialect}.*"):
            old.unlink()
        lines = told.decode().strip().splitlines()
        (FIXTURES / f"{dialect}.json").write_text(lines[-1] + "\n")
        for n, body in enumerate(bodies):
            (FIXTURES / f"{dialect}.{n}.bin").write_bytes(body)
        print(dialect, [len(body) for body in bodies])


if __name__ == "__main__":
    main()
