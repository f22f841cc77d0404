"""The Batch API of an endpoint: questions go up as a file, answers come down as files, within a day, at half price."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import openai

from slider.llm import answers, client, reach
from slider.llm.records import Answered, Ask, Outcome, Restore

PRICE = Decimal("0.5")  # of what the same calls cost one by one
MOST_RESULT_BYTES = 512 * 1024 * 1024
_OVER = frozenset({"completed", "failed", "expired", "cancelled"})


class Away(Exception):
    """The endpoint could not be asked now; later it may."""


class Refused(Exception):
    """The endpoint refuses, and would again."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch as the endpoint tells of it; `results` are the files with answers, and with what failed."""

    batch_id: str
    status: str
    results: tuple[str, ...] = ()
    words: str = ""

    @property
    def is_over(self) -> bool:
        return self.status in _OVER


def line(custom_id: str, body: dict[str, Any]) -> bytes:
    """One question of a file."""
    row = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of a result file by their `custom_id`; what is no such row is passed over: its item has no answer."""
    for text in lines:
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("custom_id"), str):
            yield row["custom_id"], row


def answered(row: dict[str, Any], *, ask: Ask, restore: Restore | None = None) -> Answered:
    """What one row says. Never raises, whatever the endpoint wrote."""
    response, error = row.get("response"), row.get("error")
    if isinstance(response, dict):
        status, body = response.get("status_code"), response.get("body")
        if status == 200:
            return answers.read(json.dumps(body).encode(), ask=ask, restore=restore)
        said = answers.said(body.get("error") if isinstance(body, dict) else body)
        outcome = client.outcome_of(status) if isinstance(status, int) else Outcome.BAD_RESPONSE
        return Answered(outcome=outcome, detail=f"The endpoint answered {status} within a batch: {said}")
    return unanswered(f"The endpoint did not answer it within the batch: {answers.said(error)}")


def unanswered(words: str) -> Answered:
    """The outcome of an item that a batch gave no answer for: it may well succeed another time."""
    return Answered(outcome=Outcome.TIMEOUT, detail=words)


class Batches:
    """One endpoint's files and batches. Blocks; raises Away or Refused."""

    def __init__(self, base_url: str, *, api_key: str, timeout_s: float = 120.0, only_public: bool = False) -> None:
        try:
            self._openai = reach.vendor(base_url, api_key=api_key, timeout_s=timeout_s, only_public=only_public)
        except reach.InsideError as error:
            raise Refused(str(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._openai.close()

    def upload(self, name: str, content: bytes) -> str:
        """Put questions up; returns the endpoint's name of the file."""
        with _said_plainly():
            return self._openai.files.create(file=(name, content), purpose="batch").id

    def send(self, file_id: str, *, mark: str) -> Progress:
        """Have a file worked on, under a mark by which it can be found again."""
        with _said_plainly():
            batch = self._openai.batches.create(
                input_file_id=file_id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
                metadata={"slider": mark},
            )
            return _progress(batch)

    def find(self, mark: str) -> Progress | None:
        """The batch with this mark, among the newest hundred."""
        with _said_plainly():
            newest = self._openai.batches.list(limit=100)
            return next((_progress(one) for one in newest.data if (one.metadata or {}).get("slider") == mark), None)

    def look(self, batch_id: str) -> Progress:
        with _said_plainly():
            return _progress(self._openai.batches.retrieve(batch_id))

    def cancel(self, batch_id: str) -> None:
        with _said_plainly():
            self._openai.batches.cancel(batch_id)

    def lines(self, file_id: str) -> list[bytes]:
        """The lines of a file of results."""
        with _said_plainly(), self._openai.files.with_streaming_response.content(file_id) as response:
            read, parts = 0, []
            for part in response.iter_bytes():
                read += len(part)
                if read > MOST_RESULT_BYTES:
                    raise Refused(f"The endpoint's file of results has more than {MOST_RESULT_BYTES:,} bytes.")
                parts.append(part)
        return b"".join(parts).splitlines()

    def clear(self, file_ids: Sequence[str]) -> None:
        """Delete files that nobody needs any more; one that stays does no harm."""
        for file_id in file_ids:
            try:
                self._openai.files.delete(file_id)
            except openai.OpenAIError:
                continue


def _progress(batch: Any) -> Progress:
    results = tuple(one for one in (batch.output_file_id, batch.error_file_id) if one)
    errors = batch.errors.data if batch.errors is not None and batch.errors.data else []
    words = "; ".join(answers.said(error.message) for error in errors[:3])
    return Progress(str(batch.id), str(batch.status), results, words)


class _said_plainly:  # noqa: N801  # reads as the words that it is used as
    """Turns the vendor's errors into Away and Refused."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, openai.APIStatusError):
            words = f"{error.status_code}: {answers.said(error.body if isinstance(error.body, dict) else None)}"
            later = error.status_code in (408, 409, 425, 429) or error.status_code >= 500
            raise (Away if later else Refused)(words) from error
        if isinstance(error, openai.OpenAIError):
            raise Away(type(error).__name__) from error
