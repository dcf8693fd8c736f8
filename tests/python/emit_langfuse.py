"""Langfuse's SDK: its OpenAI drop-in, its decorators, and generations made by hand."""

from langfuse import Langfuse, openai as langfuse_openai, propagate_attributes
from opentelemetry.sdk.trace import TracerProvider

import calls
from emitter import PROMPT, SECRETS, Expectations, arguments, embedding, openai_chat


def by_hand(langfuse, expect):
    """Usage in Langfuse's own classes, which are disjoint: `input` excludes the cached tokens."""

    def observe(kind, **told):
        with langfuse.start_as_current_observation(as_type=kind, name=kind, **told):
            pass

    usage = {
        "input": 20,
        "cache_read_input_tokens": 80,
        "cache_creation_input_tokens": 30,
        "output": 26,
        "output_reasoning_tokens": 16,
    }
    told = {
        "model": "claude-sonnet-4-5",
        "input": [{"role": "user", "content": PROMPT}],
        "output": {"role": "assistant", "content": SECRETS["ssn"]},
        "usage_details": usage,
        "cost_details": {"input": 0.001, "output": 0.002, "total": 0.003},
        "metadata": {"nurse": SECRETS["name"], "visit": 1},
        "model_parameters": {"temperature": 0.2},
    }
    expected = {
        "operation": "chat",
        "model": "claude-sonnet-4-5",
        "input_tokens": 130,
        "cache_read_tokens": 80,
        "cache_write_tokens": 30,
        "output_tokens": 42,
        "reasoning_tokens": 16,
        "cost_usd": "0.003",
        "run_id": "session-3",
    }
    expect.call(expected, lambda: observe("generation", **told))
    content = {"input": {"patient": SECRETS["name"]}, "output": SECRETS["email"]}
    kinds = {
        "tool": "execute_tool",
        "agent": "invoke_agent",
        "retriever": "retrieval",
        "guardrail": "guardrail",
        "evaluator": "evaluator",
        "chain": "chain",
    }
    for kind, operation in kinds.items():
        expect.call({"operation": operation}, lambda kind=kind: observe(kind, **content))
    warning = {"level": "ERROR", "status_message": "no record of " + SECRETS["name"]}
    failed = {"operation": "task", "status": "error"}
    expect.call(failed, lambda: observe("span", **content, **warning))


def main():
    args = arguments()
    expect = Expectations()
    provider = TracerProvider()
    provider.add_span_processor(expect)
    langfuse = Langfuse(
        base_url=args.url,
        public_key="pk-lf-any",
        secret_key=args.key,
        environment="staging",
        release="7",
        tracer_provider=provider,
    )
    client = calls.openai_client(args, langfuse_openai)
    tags = ["trial-7", SECRETS["phone"]]
    context = {"session_id": "session-3", "user_id": SECRETS["email"], "tags": tags}
    with propagate_attributes(trace_name="screening", **context):
        told = {"run_id": "session-3", "stage": "screening", "reasoning_tokens": 16}
        thought = openai_chat(**told)
        thought.pop("provider")
        # The drop-in tells the model that answered, in place of the one that was asked.
        thought["model"] = "gpt-4o-mini-2026-08-01"
        expect.call(thought, lambda: calls.chat(client))
        expect.call(thought, lambda: calls.chat_with_tools(client))
        expect.call(thought, lambda: calls.chat_streamed(client))
        embedded = embedding(run_id="session-3")
        embedded.pop("provider")
        expect.call(embedded, lambda: calls.embed(client))
        refused = {"operation": "chat", "model": "overloaded", "status": "error"}
        expect.call(refused, lambda: calls.chat(client, model="overloaded"))
        by_hand(langfuse, expect)

    langfuse.flush()
    langfuse.shutdown()
    provider.shutdown()
    expect.report()


if __name__ == "__main__":
    main()
