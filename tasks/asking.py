"""How a worker profile asks about an item, and what an answer costs it: the same for one call and for a batch."""

from decimal import Decimal
from typing import Any

from django.conf import settings

from slider.llm import prices, prompt
from slider.llm.records import Answered, Ask
from slider.models import Task, Worker
from slider.schema import Schema


class Asking:
    """One worker's questions to its endpoint about items of its task."""

    def __init__(self, task: Task, worker: Worker) -> None:
        self._task, self._worker = task, worker
        self._schema = Schema.compile(task.output_schema)
        self._format = prompt.response_format(task.output_schema, ask_confidence=worker.ask_confidence)
        self._wrapped = prompt.wraps(task.output_schema, ask_confidence=worker.ask_confidence)
        self._examples = [prompt.Example(example["input"], example["output"]) for example in worker.examples]
        self.base_url = str(worker.base_url or settings.ENV.OPENAI_BASE_URL)
        own = (worker.price_in, worker.price_out)
        self._prices = prices.Prices(own[0], own[1]) if own[0] is not None and own[1] is not None else None

    def question(self, body: dict[str, Any]) -> Ask:
        """What is asked about an item."""
        worker = self._worker
        return Ask(
            model=worker.model,
            messages=prompt.messages(
                instructions=worker.instructions,
                examples=self._examples,
                item_input=body,
                output_schema=self._task.output_schema,
                ask_confidence=worker.ask_confidence,
            ),
            schema=self._schema,
            response_format=self._format,
            wrapped=self._wrapped,
            ask_confidence=worker.ask_confidence,
            temperature=worker.temperature,
            n=worker.samples,
            max_tokens=worker.max_tokens,
            logprobs=worker.logprobs,
            top_logprobs=5 if worker.logprobs else None,
        )

    def cost(self, answered: Answered) -> Decimal | None:
        """What one answer costs; None where the price is not known."""
        return prices.cost(
            self._worker.model,
            base_url=self.base_url,
            tokens_in=answered.tokens_in,
            tokens_out=answered.tokens_out,
            own=self._prices,
        ).usd
