"""A model provider that needs no network: OpenAI's and Anthropic's HTTP APIs with fixed answers.

Serves chat completions, responses, embeddings and messages, streamed and not. Every usage has
cached (and, for OpenAI, reasoning) tokens in it. A model whose name contains `overloaded` is
answered with 429. `python fake_provider.py [PORT]` prints the address and serves until killed;
`start()` serves on a thread.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER = "Cohort A shows a lower rate."
OPENAI_USAGE = {"input": 120, "cache_read": 64, "output": 42, "reasoning": 16}
ANTHROPIC_USAGE = {"fresh": 20, "cache_read": 80, "cache_write": 30, "output": 42}
EMBEDDING_TOKENS = 9


def dated(model):
    """Providers answer with a dated version of the model they were asked for."""
    return model + "-2026-08-01"


def openai_usage():
    usage = OPENAI_USAGE
    return {
        "prompt_tokens": usage["input"],
        "completion_tokens": usage["output"],
        "total_tokens": usage["input"] + usage["output"],
        "prompt_tokens_details": {"cached_tokens": usage["cache_read"], "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage["reasoning"], "audio_tokens": 0},
    }


def tool_call(body):
    """A call of the first tool offered, echoing the last message as a model would."""
    name = body["tools"][0]["function"]["name"]
    arguments = json.dumps({"query": str(body["messages"][-1]["content"])})
    return {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}


def chat(body):
    message = {"role": "assistant", "content": ANSWER, "refusal": None}
    if body.get("tools"):
        message |= {"content": None, "tool_calls": [tool_call(body)]}
    reason = "tool_calls" if body.get("tools") else "stop"
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1795000000,
        "model": dated(body["model"]),
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
        "usage": openai_usage(),
        "system_fingerprint": "fp_1",
    }


def chat_chunks(body):
    def chunk(choices, usage=None):
        return {
            "id": "chatcmpl-2",
            "object": "chat.completion.chunk",
            "created": 1795000000,
            "model": dated(body["model"]),
            "choices": choices,
            "usage": usage,
        }

    for word in ANSWER.split(" "):
        delta = {"role": "assistant", "content": word + " "}
        yield None, chunk([{"index": 0, "delta": delta, "finish_reason": None}])
    yield None, chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    if (body.get("stream_options") or {}).get("include_usage"):
        yield None, chunk([], openai_usage())


def embeddings(body):
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    vectors = [
        {"object": "embedding", "index": index, "embedding": [0.25, -0.5]}
        for index, _ in enumerate(inputs)
    ]
    usage = {"prompt_tokens": EMBEDDING_TOKENS, "total_tokens": EMBEDDING_TOKENS}
    return {"object": "list", "data": vectors, "model": body["model"], "usage": usage}


def anthropic_usage():
    usage = ANTHROPIC_USAGE
    return {
        "input_tokens": usage["fresh"],
        "cache_read_input_tokens": usage["cache_read"],
        "cache_creation_input_tokens": usage["cache_write"],
        "output_tokens": usage["output"],
        "service_tier": "standard",
    }


def message(body):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": dated(body["model"]),
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": anthropic_usage(),
    }


def message_events(body):
    def event(kind, **fields):
        return kind, {"type": kind, **fields}

    # Counts in a stream are cumulative: the last one is the whole.
    usage = anthropic_usage() | {"output_tokens": 0}
    start = message(body) | {"content": [], "stop_reason": None, "usage": usage}
    yield event("message_start", message=start)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for word in ANSWER.split(" "):
        delta = {"type": "text_delta", "text": word + " "}
        yield event("content_block_delta", index=0, delta=delta)
    yield event("content_block_stop", index=0)
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    yield event("message_delta", delta=delta, usage=anthropic_usage())
    yield event("message_stop")


ROUTES = {
    "/v1/chat/completions": (chat, chat_chunks),
    "/v1/embeddings": (embeddings, None),
    "/v1/messages": (message, message_events),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        whole, streamed = ROUTES.get(self.path.split("?")[0], (None, None))
        if whole is None:
            self.answer(404, {"error": {"message": "no such route", "type": "not_found_error"}})
        elif "overloaded" in body["model"]:
            fault = {"message": "Rate limit reached", "type": "rate_limit_error", "code": None}
            self.answer(429, {"type": "error", "error": fault})
        elif body.get("stream"):
            self.stream(streamed(body), done=self.path != "/v1/messages")
        else:
            self.answer(200, whole(body))

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, events, done):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for name, data in events:
            head = f"event: {name}\n" if name else ""
            self.wfile.write(f"{head}data: {json.dumps(data)}\n\n".encode())
            self.wfile.flush()
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


def start(port=0):
    """Serves on a daemon thread; returns the base URL."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    print(start(int(sys.argv[1]) if len(sys.argv) > 1 else 0), flush=True)
    threading.Event().wait()
