#!/usr/bin/env python3
"""Talks to an OpenAI-compatible engine with the official `openai` client and checks what comes back.

Usage: openai_client_check.py BASE_URL [MODEL]

BASE_URL is the engine's address with or without /v1, e.g. http://127.0.0.1:8000; it must be ready. Exits 0 when
everything is as it should be, else 1 with the first thing that is not. Needs the Python package `openai`.
"""
import sys

import openai


class Failure(Exception):
    pass


def expect(condition, reason):
    if not condition:
        raise Failure(reason)


def expect_error(kind, call, *words):
    try:
        call()
    except kind as error:
        for word in words:
            expect(word in str(error), f"{kind.__name__} should mention {word!r}, but says: {error}")
        expect(error.body and error.body.get("message"), f"{kind.__name__} has no message in its body: {error.body}")
        return
    raise Failure(f"{kind.__name__} was expected, but the call succeeded")


def check_models(client, model):
    served = [entry.id for entry in client.models.list()]
    expect(model in served, f"model {model} is not among {served}")
    expect(all(name.startswith("sim/") for name in served), f"served ids must begin with sim/: {served}")


def check_chat(client, model):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello."}]
    answer = client.chat.completions.create(
        model=model, messages=messages, max_completion_tokens=7, extra_body={"ignore_eos": True}
    )
    expect(answer.object == "chat.completion", f"object is {answer.object}")
    expect(answer.choices[0].message.role == "assistant", f"role is {answer.choices[0].message.role}")
    expect(answer.choices[0].message.content, "the answer is empty")
    expect(answer.choices[0].finish_reason == "length", f"finish_reason is {answer.choices[0].finish_reason}")
    expect(answer.system_fingerprint == "simulated", f"system_fingerprint is {answer.system_fingerprint}")
    usage = answer.usage
    expect(usage.completion_tokens == 7, f"completion_tokens is {usage.completion_tokens}, asked for 7")
    expect(usage.total_tokens == usage.prompt_tokens + 7, f"total_tokens does not add up: {usage}")

    text, reasons, last_usage, roles = "", [], None, 0
    stream = client.chat.completions.create(
        model=model, messages=messages, max_tokens=7, stream=True,
        stream_options={"include_usage": True}, extra_body={"ignore_eos": True},
    )
    for chunk in stream:
        if not chunk.choices:
            last_usage = chunk.usage
            continue
        expect(last_usage is None, "a chunk with choices came after the usage")
        roles += chunk.choices[0].delta.role == "assistant"
        text += chunk.choices[0].delta.content or ""
        if chunk.choices[0].finish_reason:
            reasons.append(chunk.choices[0].finish_reason)
    expect(roles == 1, f"{roles} chunks gave the role; must be 1")
    expect(text == answer.choices[0].message.content, f"streamed {text!r}, whole {answer.choices[0].message.content!r}")
    expect(reasons == ["length"], f"finish reasons are {reasons}")
    expect(last_usage == usage, f"streamed usage {last_usage}, whole {usage}")


def check_completions(client, model):
    for prompt in ("Once upon a time", [11, 12, 13]):
        answer = client.completions.create(model=model, prompt=prompt, max_tokens=5, extra_body={"ignore_eos": True})
        expect(answer.object == "text_completion", f"object is {answer.object}")
        expect(answer.usage.completion_tokens == 5, f"completion_tokens is {answer.usage.completion_tokens}")
        pieces = [
            chunk.choices[0].text
            for chunk in client.completions.create(
                model=model, prompt=prompt, max_tokens=5, stream=True, extra_body={"ignore_eos": True}
            )
        ]
        expect(len(pieces) == 5, f"{len(pieces)} chunks for 5 tokens")
        expect("".join(pieces) == answer.choices[0].text, f"streamed {pieces}, whole {answer.choices[0].text!r}")
    expect(answer.usage.prompt_tokens == 3, f"3 token ids count as {answer.usage.prompt_tokens}")


def check_raw_headers(client, model):
    response = client.completions.with_raw_response.create(model=model, prompt="x", max_tokens=1)
    expect(response.headers.get("x-simulated") == "true", "the header x-simulated is missing")


def check_errors(client, model):
    def complete(**arguments):
        return lambda: client.completions.create(**{"model": model, "prompt": "x", "max_tokens": 1, **arguments})

    expect_error(openai.NotFoundError, complete(model="no-such-model"), "no-such-model")
    expect_error(openai.BadRequestError, complete(max_tokens=100_000_000), "maximum context length")
    expect_error(openai.BadRequestError, complete(n=3), "n is 3")
    expect_error(openai.BadRequestError, complete(prompt=[]), "prompt")
    expect_error(
        openai.BadRequestError, lambda: client.chat.completions.create(model=model, messages=[]), "messages"
    )


def main():
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    base_url = sys.argv[1].rstrip("/")
    if not base_url.endswith("/v1"):
        base_url += "/v1"
    client = openai.OpenAI(base_url=base_url, api_key="none", max_retries=0, timeout=30)
    try:
        model = sys.argv[2] if len(sys.argv) == 3 else client.models.list().data[0].id
        for check in (check_models, check_chat, check_completions, check_raw_headers, check_errors):
            check(client, model)
            print(f"{check.__name__}: ok")
    except (Failure, openai.OpenAIError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
