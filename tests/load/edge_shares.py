"""What each layer of the edge costs, in instructions: `make profile-edge`.

Runs the service under callgrind, sends it REQUESTS requests (1,000) over one connection, and prints
what each layer spends on one of them: what is counted while it or something inside of it runs, less
what is counted inside. Instructions are the same on a busy machine and on a quiet one. What the
kernel does is not among them; it is about half of a request's time.

SHA-256 counts for more here than it costs: valgrind knows no SHA instructions, processors do.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time

KEY = "profile-edge-0123456789abcdef0123456789"
PATH = "/api/v1/projects/default"

# The layers from the outside in, by the function whose inclusive count is theirs.
LAYERS = [
    ("HTTP/1.1", r"serve/http1\.rs:"),
    ("1. load shedding", r"overload::shedding::.*\{\{closure"),
    ("2. request id and span", r"request_id::request_id::\{\{closure"),
    ("3. metrics and log line", r"edge::observe::observe::\{\{closure"),
    ("4. security headers", r"headers::security_headers::\{\{closure"),
    ("5. CORS", r"cors::cors::\{\{closure"),
    ("6. compression", r"compression::compression::\{\{closure"),
    ("7. problems", r"problems::problems::\{\{closure"),
    ("8. panics", r"panics::panics::\{\{closure"),
    ("9. body pace", r"slow_body::paced::\{\{closure"),
    ("10. rate limit, with hash of the key", r"limits::layer::rate_limit::\{\{closure"),
    ("11. authentication", r"auth/principal\.rs:.*(authenticated|HttpServiceFactory>::register)"),
    ("12. CSRF", r"csrf::csrf::\{\{closure"),
    ("13. idempotency", r"idempotency::idempotent::\{\{closure"),
    ("handler, permission check, JSON", r"handler::handler_service::\{\{closure"),
]


def main():
    service, requests = sys.argv[1], int(os.environ.get("REQUESTS", "1000"))
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "callgrind.out")
        run(os.path.abspath(service), folder, out, requests)
        report(out, requests)


def run(service, folder, out, requests):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "RESEARCHFLOW_LISTEN": f"127.0.0.1:{port}",
        "RESEARCHFLOW_DATA_DIR": folder,
        "RESEARCHFLOW_BOOTSTRAP_KEY": KEY,
        "RESEARCHFLOW_WORKERS": "1",
        "RESEARCHFLOW_RATE_LIMITS": "api=600000/60",
    }
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}"]
    log = open(os.path.join(folder, "log"), "wb")
    process = subprocess.Popen(
        [*valgrind, service, "serve"], env={**os.environ, **settings}, stdout=log, stderr=log
    )
    try:
        wait_until_healthy(port, process)
        key = make_key(port)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            ask(connection, key, 300)
            instrument(process, "on")
            ask(connection, key, requests)
            instrument(process, "off")
    finally:
        process.terminate()
        process.wait()


def wait_until_healthy(port, process):
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        if process.poll() is not None:
            sys.exit("the service does not start")
        time.sleep(0.1)
    sys.exit("the service does not answer")


def make_key(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    body = json.dumps({"name": "profile", "scopes": ["read"]})
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    connection.request("POST", f"{PATH}/keys", body, headers)
    return json.loads(connection.getresponse().read())["key"]


def ask(connection, key, times):
    request = f"GET {PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\r\n".encode()
    for _ in range(times):
        connection.sendall(request)
        answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200"), answer


def instrument(process, state):
    control = ["callgrind_control", f"--instr={state}", str(process.pid)]
    subprocess.run(control, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def report(out, requests):
    annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", out]
    text = subprocess.run(annotate, check=True, capture_output=True, text=True).stdout
    lines = re.findall(r"^\s*([\d,]+) \([^)]*\)\s+(.*)$", text, re.MULTILINE)
    counted = [(int(count.replace(",", "")), name.split(" [")[0]) for count, name in lines]
    total = next(count for count, name in counted if name.startswith("PROGRAM TOTALS"))
    inclusive, seen = [], []
    for layer, pattern in LAYERS:
        counts = [count for count, name in counted if re.search(pattern, name) and "'2" not in name]
        if counts:
            inclusive.append(max(counts))
            seen.append(layer)
        elif seen:
            # The compiler made one function of both.
            seen[-1] += " + " + layer
        else:
            sys.exit(f"no function of the layer {layer!r} was seen")
    print(f"{'layer':<38} {'instructions':>12} {'share':>7}")
    rows = [("connection, runtime", total - inclusive[0])]
    for layer, count, inner in zip(seen, inclusive, inclusive[1:] + [0]):
        rows.append((layer, count - inner))
    for layer, count in rows:
        print(f"{layer:<38} {count / requests:>12,.0f} {count / total:>7.1%}")
    print(f"{'in all':<38} {total / requests:>12,.0f} {1:>7.1%}")


main()
