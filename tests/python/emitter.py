"""What the four emitters share: where to send to, planted patient data, and what to expect.

Each emitter runs one SDK as its documentation says, against `fake_provider`, and prints, as the
last line of its standard output,

    {"secrets": [text that must never come to rest],
     "spans": [{"event_id", "operation", "model", "provider", "input_tokens", …}],
     "nested": [the event ids of further spans that a provider's own SDK makes of the same calls],
     "skipped": [the event ids of spans that are no AI work]}

once everything is flushed. A key that is absent from a span is not asserted.
"""

import argparse
import json
import os

from opentelemetry.sdk.trace import SpanProcessor

import fake_provider

SECRETS = {
    "name": "m.oyelaran@ward7.example",
    "ssn": "536-90-4399",
    "email": "margaret.oyelaran@example.org",
    "mrn": "MRN 84120937",
    "phone": "(415) 555-0132",
}
PROMPT = "Summarise the visit of {name}, SSN {ssn}, {mrn}.".format(**SECRETS)
SYSTEM = "You assist the trial's nurse. Call {phone} when in doubt.".format(**SECRETS)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "search_records",
            "description": "Searches records",
            "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
        },
    }
]


def arguments():
    """The address and key from the command line, else from the environment."""
    parser = argparse.ArgumentParser(description="Emits AI spans to an OTLP endpoint.")
    parser.add_argument("--url", default=os.environ.get("RESEARCHFLOW_URL"))
    parser.add_argument("--key", default=os.environ.get("RESEARCHFLOW_API_KEY"))
    parser.add_argument("--provider", help="the fake provider's URL; else it is started here")
    args = parser.parse_args()
    if not args.url or not args.key:
        parser.error("--url and --key (or RESEARCHFLOW_URL and RESEARCHFLOW_API_KEY) are needed")
    args.url = args.url.rstrip("/")
    args.provider = args.provider or fake_provider.start()
    return args


def openai_chat(model="gpt-4o-mini", **more):
    """What a span of the fake OpenAI's chat must tell."""
    usage = fake_provider.OPENAI_USAGE
    return {
        "operation": "chat",
        "provider": "openai",
        "model": model,
        "status": "ok",
        "input_tokens": usage["input"],
        "output_tokens": usage["output"],
        "cache_read_tokens": usage["cache_read"],
    } | more


def anthropic_chat(model="claude-sonnet-4-5", **more):
    """What a span of the fake Anthropic's messages must tell: input includes the cached tokens."""
    usage = fake_provider.ANTHROPIC_USAGE
    return {
        "operation": "chat",
        "provider": "anthropic",
        "model": model,
        "status": "ok",
        "input_tokens": usage["fresh"] + usage["cache_read"] + usage["cache_write"],
        "output_tokens": usage["output"],
        "cache_read_tokens": usage["cache_read"],
        "cache_write_tokens": usage["cache_write"],
    } | more


def embedding(model="text-embedding-3-small", **more):
    """What a span of the fake OpenAI's embeddings must tell."""
    tokens = fake_provider.EMBEDDING_TOKENS
    return {
        "operation": "embeddings",
        "provider": "openai",
        "model": model,
        "status": "ok",
        "input_tokens": tokens,
    } | more


def event_id(span):
    context = span.get_span_context()
    return f"{context.trace_id:032x}-{context.span_id:016x}"


class Expectations(SpanProcessor):
    """Watches spans end, so that each expectation gets the id of the span it is about."""

    def __init__(self):
        self.ended, self.spans, self.nested, self.skipped = [], [], [], []

    def on_end(self, span):
        self.ended.append(span)

    def call(self, expected, work):
        """Runs `work`, whose last span to end must be recorded as `expected`."""
        before = len(self.ended)
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - the provider's refusal is part of the test
            if expected.get("status") != "error":
                raise
            result = error
        assert len(self.ended) > before, f"no span for {expected}"
        *inner, outer = self.ended[before:]
        self.spans.append({"event_id": event_id(outer), **expected})
        known = {span["event_id"] for span in self.spans} | set(self.nested)
        self.nested += [event_id(span) for span in inner if event_id(span) not in known]
        return result

    def skip(self, span):
        """`span` is no AI work."""
        self.skipped.append(event_id(span))

    def report(self):
        told = {"spans": self.spans, "nested": self.nested, "skipped": self.skipped}
        print(json.dumps({"secrets": list(SECRETS.values())} | told))
