"""How a worker profile asks about an item, and what an answer costs it: the same for one call and for a batch."""

from dataclasses import replace
from decimal import Decimal

from django.conf import settings

from slider.llm import prices, prompt
from slider.llm.records import Answered, Ask
from slider.models import Task, Worker
from slider.schema import Schema


class Asking:
    """One worker's questions to its endpoint: `whole` is all of them but the item, `single` is that for one sample."""

    def __init__(self, task: Task, worker: Worker) -> None:
        self._worker = worker
        self.base_url = str(worker.base_url or settings.ENV.OPENAI_BASE_URL)
        self.whole = _form(task, worker)
        self.single = self.whole if worker.samples == 1 else replace(self.whole, n=1)
        own = (worker.price_in, worker.price_out)
        self._prices = prices.Prices(own[0], own[1]) if own[0] is not None and own[1] is not None else None

    def cost(self, answered: Answered) -> Decimal | None:
        """What one answer costs; None where the price is not known."""
        return prices.cost(
            self._worker.model,
            base_url=self.base_url,
            tokens_in=answered.tokens_in,
            tokens_out=answered.tokens_out,
            own=self._prices,
        ).usd


def _form(task: Task, worker: Worker) -> Ask:
    """What every call of this worker has in common: all but the item."""
    return Ask(
        model=worker.model,
        messages=prompt.before(
            instructions=worker.instructions,
            examples=[prompt.Example(example["input"], example["output"]) for example in worker.examples],
            output_schema=task.output_schema,
            ask_confidence=worker.ask_confidence,
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
