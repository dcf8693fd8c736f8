#!/usr/bin/env python3
"""Turns a `genai-prices` wheel into `prices.json`, the table that the crate vendors.

    pip download genai-prices --no-deps -d /tmp/wheel
    python3 update.py /tmp/wheel/genai_prices-*.whl --date 2026-11-21

Only the standard library is needed. The wheel keeps its prices as one Python
literal; it is read as a syntax tree, and no code of the wheel is run.
"""

import argparse
import ast
import datetime as dt
import hashlib
import json
import re
import sys
import zipfile
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

HERE = Path(__file__).parent

# The source's price keys that we price by, and how many millionths of a
# dollar-per-million each stands for ("kcount" is per thousand).
CLASSES = {
    "input_mtok": ("input", 1),
    "output_mtok": ("output", 1),
    "cache_read_mtok": ("cache_read", 1),
    "cache_write_mtok": ("cache_write", 1),
    "output_reasoning_mtok": ("reasoning", 1),
    "requests_kcount": ("request", 1000),
}

# Spellings of a provider in telemetry which the source does not know: the
# values of OpenTelemetry's `gen_ai.provider.name` and of the older
# `gen_ai.system`, and those of common instrumentation libraries.
ALIASES = {
    "azure": ["*azure*", "az.ai.*"],
    "aws": ["aws*bedrock*"],
    "deepseek": ["deepseek*"],
    "fireworks": ["fireworks*"],
    "google": ["gcp*", "palm"],
    "groq": ["groq*"],
    "openrouter": ["openrouter*", "open_router"],
    "perplexity": ["perplexity*", "pplx"],
    "together": ["together", "together.ai", "togetherai"],
    "x-ai": ["x_ai", "x.ai", "grok"],
    "zai": ["z.ai", "z_ai"],
}

# Model names that tell their seller without a hint, beyond the source's rules.
VENDORS = {
    "aws": [f"{region}{maker}.*" for region in ("", "*.")
            for maker in ("amazon", "anthropic", "cohere", "deepseek", "meta", "mistral")],
    "openai": ["ft:*", "chatgpt-*", "text-embedding-*", "codex-*"],
}

# Names which the source's rules for a model miss.
EXTRA_NAMES = {
    ("openai", "ft:gpt-4o"): ["ft:gpt-4o:*"],
    ("openai", "ft:gpt-4o-mini"): ["ft:gpt-4o-mini:*"],
}

# Clients of OpenAI-compatible servers call their provider "openai" whatever
# answers, so the closed models of these vendors are found under that name too.
FALLBACKS = {"openai": ["anthropic", "google", "x-ai"]}

# Sellers whose prices are not in the table, and servers that run one's own
# hardware. Naming them keeps their models from being priced as their makers'.
UNPRICED = {
    "ibm-watsonx": ["*watsonx*", "ibm*"],
    "self-hosted": ["ollama*", "*vllm*", "*llama.cpp*", "llamacpp", "lmstudio", "lm_studio",
                    "localai", "tgi", "huggingface", "hugging_face", "sglang", "aws.sagemaker",
                    "sagemaker", "transformers"],
}

# The regular expressions with more in them than digits, spelt as our rules.
STRAL = ["mistral", "codestral", "devstral", "magistral", "ministral", "mixtral", "pixtral",
         "voxtral", "open-mistral", "open-mixtral"]
REGEX = {
    r"^o[134]": ["o1*", "o3*", "o4*"],
    r"^claude-opus-5[-@]\d{8}$": ["claude-opus-5-########", "claude-opus-5@########"],
    r"^(?!.*-[tT][tT][sS](?:$|-))": [["!*-tts", "!*-tts-*"]],
    r"^(typesafe/)?jev-1\.13(-\d{8})?$": [f"{p}jev-1.13{d}" for p in ("", "typesafe/")
                                          for d in ("", "-########")],
    r"^(typesafe/)?jev-1\.14(-\d{8})?$": [f"{p}jev-1.14{d}" for p in ("", "typesafe/")
                                          for d in ("", "-########")],
    r"^(?![^/]+/)(?:labs-)?(?:(?:mi|code|dev|magi|mini)stral|mixtral|pixtral|voxtral"
    r"|open-(?:mistral|mixtral))": [[f"{p}{s}*", "!*/*"] for p in ("", "labs-") for s in STRAL],
}


# --- reading the wheel ------------------------------------------------------


def value(node):
    """The value of a literal; a constructor call becomes (name, fields)."""
    match node:
        case ast.Constant(value=v):
            return v
        case ast.List(elts=elts) | ast.Tuple(elts=elts):
            return [value(e) for e in elts]
        case ast.Dict(keys=keys, values=values):
            return {value(k): value(v) for k, v in zip(keys, values)}
        case ast.Call(func=ast.Name(id=name), args=args, keywords=kws):
            if name == "Decimal":
                return Decimal(value(args[0]))
            return name, {k.arg: value(k.value) for k in kws}
        case ast.Call(func=ast.Attribute(attr=("date" | "time") as kind), args=args, keywords=kws):
            if any(ast.unparse(k.value) not in ("datetime.UTC", "datetime.timezone.utc") for k in kws):
                sys.exit(f"line {node.lineno}: a time that is not UTC")
            return getattr(dt, kind)(*(value(a) for a in args))
        case _:
            sys.exit(f"line {node.lineno}: {ast.unparse(node)[:80]} is not understood")


def read_wheel(path):
    with zipfile.ZipFile(path) as wheel:
        tree = ast.parse(wheel.read("genai_prices/data.py"))
        meta = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        version = re.search(rb"^Version: (\S+)", wheel.read(meta), re.M).group(1).decode()
        licence = wheel.read(next(n for n in wheel.namelist() if n.endswith("/LICENSE"))).decode()
    assign = next(n for n in tree.body if isinstance(n, ast.AnnAssign) and n.target.id == "providers")
    return version, licence, [fields for _, fields in value(assign.value)]


# --- rules ------------------------------------------------------------------


def rules(clause):
    """A match clause as a list of alternatives: a glob, or a list of globs that must all hold."""
    if clause is None:
        return []
    kind, fields = clause
    if kind == "ClauseOr":
        found = [r for c in fields["or_"] for r in rules(c)]
        return [r for i, r in enumerate(found) if r not in found[:i]]
    if kind == "ClauseAnd":
        parts = [rules(c) for c in fields["and_"]]
        if any(len(p) != 1 for p in parts):
            sys.exit(f"an AND over alternatives is not understood: {clause}")
        return [[g for (p,) in parts for g in (p if isinstance(p, list) else [p])]]
    text = next(iter(fields.values()))
    if kind == "ClauseRegex":
        return REGEX.get(text) or [digits_only(text)]
    text = text.lower()
    if set(text) & set("*#!"):
        sys.exit(f"a literal with a wildcard in it: {text}")
    shape = {"ClauseEquals": "{}", "ClauseStartsWith": "{}*", "ClauseEndsWith": "*{}",
             "ClauseContains": "*{}*"}
    return [shape[kind].format(text)]


def digits_only(regex):
    r"""`^gpt-5\.4-\d{4}$` as `gpt-5.4-####`."""
    body = re.sub(r"\\d\{(\d)\}", lambda m: "#" * int(m[1]), regex.removeprefix("^"))
    body = re.sub(r"\\([.\[\]])", r"\1", body.replace(r"\d", "#"))
    body = body[:-1] if body.endswith("$") else body + "*"
    if re.search(r"[\\^$|?+(){}]", body):
        sys.exit(f"add this regular expression to REGEX: {regex}")
    return body.lower()


# --- prices -----------------------------------------------------------------


def nano(price, per=1):
    """Nano-dollars per million. Float noise past the ninth decimal is rounded away."""
    return int((price * per * 10**9).to_integral_value(ROUND_HALF_EVEN))


def price(raw, per):
    if isinstance(raw, Decimal):
        return nano(raw, per)
    tiers = sorted((t["start"], nano(t["price"], per)) for _, t in raw[1]["tiers"])
    return {"base": nano(raw[1]["base"], per), "above": tiers}


def rates(raw):
    return {ours: price(raw[key], per) for key, (ours, per) in CLASSES.items() if key in raw}


def applies(constraint, day):
    """Whether a constraint holds on a day, at noon UTC: a query has a date and no time."""
    if constraint is None:
        return True
    kind, fields = constraint
    if kind == "StartDateConstraint":
        return day is not None and day >= fields["start_date"]
    noon, start, end = dt.time(12), fields["start_time"], fields["end_time"]
    return start <= noon < end if start <= end else noon >= start or noon < end


def timeline(model):
    """(first day or None, standard prices, batch overrides) for each period, in order."""
    listed = model["prices"]
    if not isinstance(listed, list):
        listed = [("ConditionalPrice", {"prices": listed})]
    listed = [c for _, c in listed]
    batch = [v for _, v in model.get("price_variants") or [] if v["when"] == {"processing": "batch"}]
    days = {c["constraint"][1]["start_date"] for c in listed + batch
            if (c.get("constraint") or ("", {}))[0] == "StartDateConstraint"}
    for day in [None, *sorted(days)]:
        standard = next((c for c in reversed(listed) if applies(c.get("constraint"), day)), None)
        over = {}
        for variant in batch:
            if applies(variant.get("constraint"), day):
                over = variant["prices"][1] | over
        if standard is not None:
            yield day, standard["prices"][1], over


def periods(dated):
    out = []
    for day, row in dated:
        if not out or {k: v for k, v in out[-1].items() if k != "from"} != row:
            out.append(({"from": day.isoformat()} if day else {}) | row)
    return out


def model_row(provider, model):
    line = list(timeline(model))
    standard = periods((day, rates(std)) for day, std, _ in line)
    if standard == [{}]:
        # No token price: the row stays, so that a broader rule below it cannot
        # claim the name. OpenRouter's ":free" variants are the exception.
        free = provider == "openrouter" and model["id"].endswith(":free")
        standard = [{"input": 0, "output": 0}] if free else []
    batch = periods((day, rates(std | over)) for day, std, over in line if rates(over))
    names = rules(model["match"]) + EXTRA_NAMES.get((provider, model["id"]), [])
    row = {"id": model["id"], "match": names, "prices": standard}
    return row | ({"batch": batch} if batch else {})


def provider_row(p):
    pid = p["id"]
    return {
        "id": pid,
        "aliases": ALIASES.get(pid, []) + rules(p.get("provider_match")),
        "vendor_of": rules(p.get("model_match")) + VENDORS.get(pid, []),
        "fallbacks": (p.get("fallback_model_providers") or []) + FALLBACKS.get(pid, []),
        "models": [model_row(pid, m) for _, m in p["models"]],
    }


def dump(header, providers):
    """One model a line, so that a new table reads well as a diff."""
    compact = lambda v: json.dumps(v, ensure_ascii=False, separators=(",", ":"))
    blocks = []
    for p in providers:
        head = compact({k: v for k, v in p.items() if k != "models"})[:-1]
        blocks.append(head + ',"models":[' + "".join(
            f"{',' if i else ''}\n{compact(m)}" for i, m in enumerate(p["models"])) + "]}")
    return compact(header)[:-1] + ',"providers":[\n' + ",\n".join(blocks) + "]}\n"


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    args.add_argument("wheel", type=Path)
    args.add_argument("--date", type=dt.date.fromisoformat, required=True, help="the table's version")
    args = args.parse_args()

    version, licence, source = read_wheel(args.wheel)
    providers = [provider_row(p) for p in source]
    providers += [{"id": i, "aliases": a, "vendor_of": [], "fallbacks": [], "models": []}
                  for i, a in UNPRICED.items()]
    providers = [p for p in providers if p["id"] in UNPRICED
                 or any(m["prices"] for m in p["models"])]
    providers.sort(key=lambda p: p["id"])
    header = {
        "version": args.date.isoformat(),
        "source": f"genai-prices {version} (PyPI, MIT)",
        "source_sha256": hashlib.sha256(args.wheel.read_bytes()).hexdigest(),
    }
    text = dump(header, providers)
    json.loads(text)
    (HERE / "prices.json").write_text(text)
    (HERE / "NOTICE").write_text(
        f"prices.json is derived from genai-prices {version}\n"
        f"(https://github.com/pydantic/genai-prices), under this licence:\n\n{licence}")
    priced = sum(bool(m["prices"]) for p in providers for m in p["models"])
    print(f"{len(providers)} providers, {priced} priced models, {len(text)} bytes")


if __name__ == "__main__":
    main()
