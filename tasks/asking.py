"""How a worker profile asks about an item, and what an answer costs it: the same for one call and for a batch.

The one place where what an item holds becomes what a model is sent: nothing of it gets there but through `Asking`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.conf import settings

from slider import redaction
from slider.llm import prices, prompt
from slider.llm.records import Answered, Ask, Restore
from slider.models import Task, Worker
from slider.redaction import Rules
from slider.schema import Schema


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An item as it leaves: its text, how an answer to it is undone (None: nothing was masked), and what was masked."""

    text: str
    restore: Restore | None
    masked: Mapping[str, int]


class Asking:
    """One worker's questions to its endpoint: `whole` is all of them but the item, `single` is that for one sample.

    `rules` are the task's own, and `taken` the tokens of the worker's examples, unless something was sent under others:
    a batch is read as it was written.
    """

    def __init__(
        self, task: Task, worker: Worker, *, rules: Rules | None = None, taken: Iterable[str] | None = None
    ) -> None:
        self._worker = worker
        self._rules = redaction.read(task.redaction) if rules is None else rules
        examples = [prompt.Example(*_example(one, self._rules)) for one in worker.examples]
        own = redaction.taken_in([part for one in examples for part in (one.input, one.output)])
        self.taken = own if taken is None else frozenset(taken)
        self.base_url = str(worker.base_url or settings.ENV.OPENAI_BASE_URL)
        self.whole = _form(task, worker, examples, masks=bool(self._rules))
        self.single = self.whole if worker.samples == 1 else replace(self.whole, n=1)
        price = (worker.price_in, worker.price_out)
        self._prices = prices.Prices(price[0], price[1]) if price[0] is not None and price[1] is not None else None

    def item(self, body: dict[str, Any]) -> Outgoing:
        """What is sent of an item. The same item gives the same text under the same rules, call after call."""
        if not self._rules:
            return Outgoing(prompt.written(body), None, {})
        masked = redaction.mask(body, self._rules, taken=self.taken)
        return Outgoing(prompt.written(masked.value), masked.restore, masked.counts)

    def cost(self, answered: Answered) -> Decimal | None:
        """What one answer costs; None where the price is not known."""
        return prices.cost(
            self._worker.model,
            base_url=self.base_url,
            tokens_in=answered.tokens_in,
            tokens_out=answered.tokens_out,
            own=self._prices,
        ).usd


def _example(example: Mapping[str, Any], rules: Rules) -> tuple[Any, Any]:
    """An example is an item with its answer, and leaves under the same rules: one value has one token in both."""
    body = {"input": example["input"], "output": example["output"]}
    masked = redaction.mask(body, redaction.below(rules, "input")).value if rules else body
    assert isinstance(masked, dict)  # what is masked keeps its shape
    return masked["input"], masked["output"]


def _form(task: Task, worker: Worker, examples: list[prompt.Example], *, masks: bool) -> Ask:
    """What every call of this worker has in common: all but the item."""
    return Ask(
        model=worker.model,
        messages=prompt.before(
            instructions=worker.instructions,
            examples=examples,
            output_schema=task.output_schema,
            ask_confidence=worker.ask_confidence,
            masks=masks,
        ),
        schema=Schema.compile(task.output_schema),
        response_format=prompt.response_format(task.output_schema, ask_confidence=worker.ask_confidence),
        wrapped=prompt.wraps(task.output_schema, ask_confidence=worker.ask_confidence),
        ask_confidence=worker.ask_confidence,
        temperature=worker.temperature,
        n=worker.samples,
        max_tokens=worker.max_tokens,
        logprobs=worker.logprobs,
        top_logprobs=5 if worker.logprobs else None,
    )
