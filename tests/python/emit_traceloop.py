"""Traceloop's SDK (OpenLLMetry): decorators and its OpenAI and Anthropic instrumentations."""

import os

os.environ["TRACELOOP_TELEMETRY"] = "false"
os.environ["TRACELOOP_METRICS_ENABLED"] = "false"
os.environ["TRACELOOP_TRACE_CONTENT"] = "true"

from opentelemetry import trace
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, task, tool, workflow
from traceloop.sdk.instruments import Instruments

import calls
from emitter import PROMPT, SECRETS, Expectations, anthropic_chat, arguments, embedding, openai_chat


def steps(args, expect):
    openai, anthropic = calls.openai_client(args), calls.anthropic_client(args)
    placed = {"run_id": "session-2"}
    thought = openai_chat(reasoning_tokens=16, **placed)

    @tool(name="search_records")
    def search(text):
        return "found " + text

    @task(name="summarise")
    def summarise(text):
        expect.call(thought, lambda: calls.chat(openai))
        expect.call(thought, lambda: calls.chat_with_tools(openai))
        expect.call(openai_chat(**placed), lambda: calls.chat_streamed(openai))
        expect.call(embedding(**placed), lambda: calls.embed(openai))
        expect.call(anthropic_chat(**placed), lambda: calls.message(anthropic))
        expect.call(anthropic_chat(**placed), lambda: calls.message_streamed(anthropic))
        refused = {"operation": "chat", "model": "overloaded", "status": "error", **placed}
        expect.call(refused, lambda: calls.chat(openai, model="overloaded"))
        return text

    @agent(name="screener")
    def screen(text):
        used = {"operation": "execute_tool", "tool": "search_records", **placed}
        expect.call(used, lambda: search(text))
        expect.call({"operation": "task", "stage": "summarise", **placed}, lambda: summarise(text))
        return text

    @workflow(name="screening")
    def screening(text):
        acted = {"operation": "invoke_agent", "agent": "screener", **placed}
        expect.call(acted, lambda: screen(text))
        return "done for " + text

    Traceloop.set_association_properties({"session_id": "session-2", "nurse": SECRETS["name"]})
    expect.call({"operation": "invoke_workflow", "stage": "screening"}, lambda: screening(PROMPT))


def main():
    args = arguments()
    Traceloop.init(
        app_name="trial-screening",
        api_endpoint=args.url,
        headers={"Authorization": "Bearer " + args.key},
        telemetry_enabled=False,
        instruments={Instruments.OPENAI, Instruments.ANTHROPIC},
    )
    provider = trace.get_tracer_provider()
    expect = Expectations()
    provider.add_span_processor(expect)
    steps(args, expect)
    provider.get_tracer("requests").start_span("GET", attributes={"http.method": "GET"}).end()
    expect.skip(expect.ended[-1])

    provider.shutdown()
    expect.report()


if __name__ == "__main__":
    main()
