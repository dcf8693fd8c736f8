#!/usr/bin/env python3
"""Asks `genai-prices` itself what some calls cost, for `tests/cross_check.rs`.

Run it in an environment that has the wheel installed from which `prices.json` was made:

    python3 expected.py > ../tests/data/expected.json
"""

import datetime as dt
import json
import random
from importlib.metadata import version

from genai_prices import Usage, calc_price
from genai_prices.data import providers
from genai_prices.types import ClauseEquals, ClauseOr, ModelPrice, StartDateConstraint

PRICED = {"input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"}
RESOLD = [("azure", "gpt-4o"), ("azure", "gpt-4o-mini"), ("google", "claude-3-5-haiku"), ("azure", "grok-4.3")]
LENGTHS = [1, 7, 999, 12_345, 99_999, 100_001, 128_000, 200_000, 200_001, 272_001, 1_000_003]
BATCH_FROM = dt.date(2026, 11, 1)  # every batch price of the source had begun by then

pick = random.Random(20261121)


def name_of(model):
    clauses = model.match.or_ if isinstance(model.match, ClauseOr) else [model.match]
    names = [c.equals for c in clauses if isinstance(c, ClauseEquals)] or [model.id]
    return pick.choice([n for n in names if model.is_match(n)] or [None])


def usage(prices):
    n = pick.choice(LENGTHS)
    read = pick.randrange(n // 2 + 1) if pick.random() < 0.6 else 0
    write = pick.randrange((n - read) // 2 + 1) if pick.random() < 0.4 else 0
    output = pick.choice([0, 1, 333, 8_191]) if "output_mtok" in prices else 0
    reasoning = pick.randrange(output + 1) if pick.random() < 0.3 else 0
    return {"input": n, "output": output, "cache_read": read, "cache_write": write, "reasoning": reasoning}


def ask(provider, model, day, tokens, batch):
    reported = {f"{k}_tokens": v for k, v in tokens.items() if k != "reasoning"}
    got = calc_price(
        Usage(**reported, output_reasoning_tokens=tokens["reasoning"]),
        model,
        provider_id=provider,
        # Noon: the table has one price a day, where the source may have an off-peak price as well.
        genai_request_timestamp=dt.datetime.combine(day, dt.time(12), dt.timezone.utc),
        price_context={"processing": "batch"} if batch else None,
    )
    return {"provider": provider, "model": model, "at": day.isoformat(), "batch": batch, "tokens": tokens,
            "row": got.model.id, "usd": format(got.total_price, "f")}


def cases():
    today = dt.date(2026, 11, 21)
    pool = [(p, m) for p in providers for m in p.models]
    chosen = pick.sample(pool, 190)
    chosen += [pm for pm in pool if isinstance(pm[1].prices, list)][::6]
    for p, m in chosen:
        dated = m.prices if isinstance(m.prices, list) else []
        starts = [c.constraint.start_date for c in dated if isinstance(c.constraint, StartDateConstraint)]
        near = [s + dt.timedelta(days=d) for s in starts for d in (-1, 0)]
        prices = (dated[-1].prices if dated else m.prices).__dict__
        if PRICED & prices.keys() and "input_mtok" in prices:
            yield p.id, name_of(m), pick.choice([*near, today]), usage(prices), False
    for provider, name in RESOLD:
        yield provider, name, today, usage({"output_mtok"}), False
    batched = [(p, m) for p, m in pool
               if any(v.when == {"processing": "batch"} and PRICED & v.prices.__dict__.keys()
                      for v in m.price_variants or [])]
    for p, m in pick.sample(batched, 30):
        prices = m.prices if isinstance(m.prices, ModelPrice) else m.prices[-1].prices
        yield p.id, name_of(m), pick.choice([BATCH_FROM, today]), usage(prices.__dict__), True


rows = ",\n".join(json.dumps(ask(*case), separators=(",", ":")) for case in cases() if case[1])
print(f'{{"source":"genai-prices {version("genai-prices")} (PyPI, MIT)","cases":[\n{rows}\n]}}')
