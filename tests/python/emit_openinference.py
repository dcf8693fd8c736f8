"""OpenInference's instrumentations of the OpenAI and Anthropic SDKs, and spans made by hand."""

import json

from openinference.instrumentation import using_attributes
from openinference.instrumentation.anthropic import AnthropicInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import calls
from emitter import PROMPT, SECRETS, Expectations, anthropic_chat, arguments, embedding, openai_chat


def by_hand(tracer, expect):
    """What frameworks tell about retrievers, tools and agents."""

    def span(kind, attributes):
        attributes = {"openinference.span.kind": kind} | attributes
        tracer.start_span(kind.lower(), attributes=attributes).end()

    documents = {
        "input.value": PROMPT,
        "retrieval.documents.0.document.id": "visit-1",
        "retrieval.documents.0.document.content": "Seen by " + SECRETS["name"],
        "retrieval.documents.0.document.score": 0.5,
        "retrieval.documents.0.document.metadata": json.dumps({"mrn": SECRETS["mrn"]}),
    }
    expect.call({"operation": "retrieval"}, lambda: span("RETRIEVER", documents))
    tool = {
        "tool.name": "search_records",
        "tool.parameters": json.dumps({"patient": SECRETS["name"]}),
        "input.value": json.dumps({"patient": SECRETS["name"]}),
        "input.mime_type": "application/json",
        "output.value": SECRETS["ssn"],
    }
    expected = {"operation": "execute_tool", "tool": "search_records"}
    expect.call(expected, lambda: span("TOOL", tool))
    agent = {"agent.name": "screener", "input.value": PROMPT, "metadata": '{"visit": "first"}'}
    expected = {"operation": "invoke_agent", "agent": "screener"}
    expect.call(expected, lambda: span("AGENT", agent))
    tracer.start_span("GET", attributes={"http.method": "GET"}).end()
    expect.skip(expect.ended[-1])


def main():
    args = arguments()
    headers = {"Authorization": "Bearer " + args.key}
    exporter = OTLPSpanExporter(endpoint=args.url + "/v1/traces", headers=headers)
    provider = TracerProvider(resource=Resource.create({"service.name": "trial-screening"}))
    expect = Expectations()
    provider.add_span_processor(expect)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    AnthropicInstrumentor().instrument(tracer_provider=provider)

    openai, anthropic = calls.openai_client(args), calls.anthropic_client(args)
    session = {"run_id": "session-1"}
    context = {
        "session_id": "session-1",
        "user_id": SECRETS["email"],
        "metadata": {"nurse": SECRETS["name"]},
        "tags": ["trial-7", SECRETS["phone"]],
    }
    with using_attributes(**context):
        thought = openai_chat(reasoning_tokens=16, **session)
        expect.call(thought, lambda: calls.chat(openai))
        expect.call(thought, lambda: calls.chat_with_tools(openai))
        expect.call(thought, lambda: calls.chat_streamed(openai))
        expect.call(embedding(**session), lambda: calls.embed(openai))
        expect.call(anthropic_chat(**session), lambda: calls.message(anthropic))
        expect.call(anthropic_chat(**session), lambda: calls.message_streamed(anthropic))
        refused = {"operation": "chat", "model": "overloaded", "status": "error", **session}
        expect.call(refused, lambda: calls.chat(openai, model="overloaded"))
    by_hand(provider.get_tracer("screening"), expect)

    provider.shutdown()
    expect.report()


if __name__ == "__main__":
    main()
