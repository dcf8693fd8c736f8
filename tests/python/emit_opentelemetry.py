"""OpenTelemetry's own OpenAI and Anthropic instrumentations, and spans made by hand as its conventions say."""

import json
import os

os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
os.environ["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] = "SPAN_ONLY"

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, set_tracer_provider

import calls
from emitter import PROMPT, SECRETS, Expectations, anthropic_chat, arguments, embedding, openai_chat


def text_messages(role):
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": PROMPT}]}])


def by_hand(tracer, expect):
    """Tools, agents, retrievals and the older conventions, which put content into span events."""
    run = {"researchflow.run_id": "otel-run", "researchflow.stage": "screening"}

    def span(name, attributes, kind=SpanKind.INTERNAL, work=None):
        with tracer.start_as_current_span(name, kind=kind, attributes=run | attributes) as span:
            return work(span) if work else None

    def fails(span):
        span.set_attribute("error.type", "ValueError")
        raise ValueError("no record of " + SECRETS["name"])

    def tells_events(span):
        span.add_event("gen_ai.content.prompt", {"gen_ai.prompt": PROMPT})
        span.add_event("gen_ai.content.completion", {"gen_ai.completion": SECRETS["email"]})

    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "search_records",
        "gen_ai.tool.call.id": "call_1",
        "gen_ai.tool.call.arguments": json.dumps({"patient": SECRETS["name"]}),
        "gen_ai.tool.call.result": json.dumps({"ssn": SECRETS["ssn"]}),
        "note": "asked by " + SECRETS["email"],
    }
    expected = {"operation": "execute_tool", "tool": "search_records", "status": "ok"}
    named = {"run_id": "otel-run", "stage": "screening"}
    expect.call(expected | named, lambda: span("execute_tool search_records", tool))
    failed = expected | named | {"status": "error", "error_type": "ValueError"}
    expect.call(failed, lambda: span("execute_tool search_records", tool, work=fails))

    agent = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "screener",
        "gen_ai.conversation.id": "conversation-7",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.usage.input_tokens": 500,
        "gen_ai.usage.output_tokens": 80,
        "gen_ai.input.messages": text_messages("user"),
        "gen_ai.output.messages": text_messages("assistant"),
        "researchflow.tags": ["trial-7", "reviewer " + SECRETS["name"]],
        "researchflow.tier": "mini",
        "researchflow.client_sequence": 3,
    }
    expected = {"operation": "invoke_agent", "agent": "screener", "tier": "mini", "client_sequence": 3}
    conversation = {"conversation_id": "conversation-7", "input_tokens": 500, "output_tokens": 80}
    expect.call(expected | named | conversation, lambda: span("invoke_agent screener", agent))

    old = {
        "gen_ai.system": "openai",
        "gen_ai.request.model": "gpt-3.5-turbo",
        "gen_ai.usage.prompt_tokens": 11,
        "gen_ai.usage.completion_tokens": 7,
    }
    expected = {"provider": "openai", "model": "gpt-3.5-turbo", "input_tokens": 11, "output_tokens": 7}
    call = lambda: span("chat gpt-3.5-turbo", old, SpanKind.CLIENT, tells_events)
    expect.call(expected | named, call)

    span("GET", {"http.request.method": "GET", "url.full": "http://127.0.0.1/"}, SpanKind.CLIENT)
    expect.skip(expect.ended[-1])


def main():
    args = arguments()
    headers = {"Authorization": "Bearer " + args.key}
    exporter = OTLPSpanExporter(endpoint=args.url + "/v1/traces", headers=headers)
    provider = TracerProvider(resource=Resource.create({"service.name": "trial-screening"}))
    expect = Expectations()
    provider.add_span_processor(expect)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    set_tracer_provider(provider)
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    AnthropicInstrumentor().instrument(tracer_provider=provider)

    client = calls.openai_client(args)
    answered = {"response_model": "gpt-4o-mini-2026-08-01"}
    expect.call(openai_chat(**answered), lambda: calls.chat(client))
    expect.call(openai_chat(**answered), lambda: calls.chat_with_tools(client))
    expect.call(openai_chat(**answered), lambda: calls.chat_streamed(client))
    expect.call(embedding(), lambda: calls.embed(client))
    refused = {"operation": "chat", "provider": "openai", "model": "overloaded", "status": "error"}
    expect.call(refused, lambda: calls.chat(client, model="overloaded"))
    anthropic = calls.anthropic_client(args)
    expect.call(anthropic_chat(), lambda: calls.message(anthropic))
    expect.call(anthropic_chat(), lambda: calls.message_streamed(anthropic))
    by_hand(provider.get_tracer("screening"), expect)

    provider.shutdown()
    expect.report()


if __name__ == "__main__":
    main()
