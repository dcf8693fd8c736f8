"""The AI calls that every emitter makes, with patient data planted in each."""

import anthropic
import openai

from emitter import PROMPT, SYSTEM, TOOLS

MESSAGES = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": PROMPT}]


def openai_client(args, module=openai):
    return module.OpenAI(base_url=args.provider + "/v1", api_key="sk-test", max_retries=0)


def anthropic_client(args):
    return anthropic.Anthropic(base_url=args.provider, api_key="sk-ant-test", max_retries=0)


def chat(client, model="gpt-4o-mini", **more):
    return client.chat.completions.create(
        model=model, messages=MESSAGES, temperature=0.2, max_tokens=200, **more
    )


def chat_with_tools(client, **more):
    return chat(client, tools=TOOLS, **more)


def chat_streamed(client, **more):
    return list(chat(client, stream=True, stream_options={"include_usage": True}, **more))


def embed(client, **more):
    return client.embeddings.create(model="text-embedding-3-small", input=[PROMPT], **more)


def message(client, model="claude-sonnet-4-5"):
    messages = [{"role": "user", "content": PROMPT}]
    return client.messages.create(model=model, system=SYSTEM, max_tokens=200, messages=messages)


def message_streamed(client, model="claude-sonnet-4-5"):
    messages = [{"role": "user", "content": PROMPT}]
    stream = client.messages.create(
        model=model, system=SYSTEM, max_tokens=200, messages=messages, stream=True
    )
    return list(stream)
