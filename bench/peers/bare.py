"""The bare loop: `AsyncOpenAI` with typed answers and a fixed number of calls in flight, and nothing kept."""

import argparse
import asyncio
import json
import resource
import time
from typing import Any

from openai import AsyncOpenAI

from bench import question


async def run(base_url: str, *, items: int, in_flight: int, logprobs: bool) -> dict[str, float]:
    """Ask about every item once; seconds from the first call to the last answer, after one warm call a connection."""
    async with AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        waiting = iter(list(question.bodies(items)))

        async def ask(body: dict[str, Any]) -> None:
            completion = await client.chat.completions.create(**question.request(body, logprobs=logprobs))
            content, found = completion.choices[0].message.content, completion.choices[0].logprobs
            if content is None or (found is not None) != logprobs:
                raise RuntimeError("the endpoint gave no answer, or not the logprobs that were asked for")
            json.loads(content)
            sum(token.logprob for token in (found and found.content) or ())

        async def call() -> None:
            for body in waiting:
                await ask(body)

        await asyncio.gather(*(ask(body) for body in question.bodies(in_flight)))
        began, spent = time.perf_counter(), _cpu_s()
        await asyncio.gather(*(call() for _ in range(in_flight)))
        return {"seconds": time.perf_counter() - began, "cpu_s": _cpu_s() - spent}


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--in-flight", type=int, required=True)
    parser.add_argument("--logprobs", action="store_true")
    given = parser.parse_args()
    found = asyncio.run(run(given.base_url, items=given.items, in_flight=given.in_flight, logprobs=given.logprobs))
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found | {"rss_mb": rss_mb}))
