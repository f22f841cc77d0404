"""Read the body of an endpoint's answer: each way to be wrong has its own name, and nothing is mended."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import jiter

from slider import strict
from slider.llm import evidence, spans
from slider.llm.records import Answered, Ask, FieldEvidence, Flag, Outcome, Restore, Sample
from slider.strict import JSON

LIMITS = strict.Limits(max_bytes=256 * 1024, depth=64, nodes=20_000)
_LONGEST_RAW = 64 * 1024
_FENCE = re.compile(r"\s*```[A-Za-z0-9_+-]*[ \t]*\r?\n(?P<inside>.*?)\s*```\s*", re.DOTALL)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Told:
    """A choice as read: its sample, and where in which text the sample's JSON stands."""

    sample: Sample
    content: str = ""
    start: int = 0
    fenced: bool = False
    finish_reason: str = ""
    logprobs: object = None


def read(body: bytes, *, ask: Ask, latency_ms: float = 0.0, restore: Restore | None = None) -> Answered:
    """Read the body of an answer with status 200. Never raises, whatever an endpoint or a model sends."""
    return read_all([body], ask=ask, latency_ms=latency_ms, restore=restore)


def read_all(bodies: Sequence[bytes], *, ask: Ask, latency_ms: float = 0.0, restore: Restore | None = None) -> Answered:
    """Read answers that together hold the samples of one question. One that can't be read counts for nothing.

    Unless none can: then what is wrong with the first is the outcome. `restore` puts back what was masked in the
    question, before the answer is held against the schema.
    """
    found = [_envelope(body, most=max(1, ask.n)) for body in bodies]
    good = [one for one in found if not isinstance(one, Answered)]
    if not good:
        assert isinstance(found[0], Answered)
        return replace(found[0], latency_ms=latency_ms)
    told = [_told(choice, ask, restore) for _, choices in good for choice in choices]
    whole = _assembled(told, [envelope.get("usage") for envelope, _ in good], ask, latency_ms)
    return whole if restore is None else replace(whole, fields=tuple(_restored(one, restore) for one in whole.fields))


def _envelope(body: bytes, *, most: int) -> tuple[dict[str, object], list[object]] | Answered:
    """The answer's object and its choices, or what is wrong with it."""
    try:
        envelope = _parsed(body)
    except RecursionError:
        return _bad("is nested too deep to be read", body)
    except ValueError:
        return _bad("is not JSON, perhaps the page of a proxy", body)
    if not isinstance(envelope, dict):
        return _bad("is not a JSON object", body)
    if envelope.get("error"):
        return _bad(f"carries an error: {said(envelope['error'])}", body)
    choices = envelope.get("choices")
    if not isinstance(choices, list) or not choices:
        return _bad("has no choices", body)
    if len(choices) > most:
        return _bad(f"has {len(choices)} choices where {most} were asked for", body)
    return envelope, choices


def _parsed(body: bytes) -> object:
    """The envelope is the endpoint's, and its logprobs may hold NaN: only the content must be strict JSON.

    The fast reader refuses a little of what the standard library takes, such as half of a character pair: then that
    one has the last word.
    """
    try:
        return jiter.from_json(body)
    except ValueError:
        return json.loads(body)


def reason(body: bytes) -> str:
    """Why an endpoint refused, from the body of an answer that is none."""
    try:
        told = _parsed(body)
    except (RecursionError, ValueError):
        return said(None)
    return said(told.get("error", told)) if isinstance(told, dict) else said(None)


def storable(text: str, *, length: int = _LONGEST_RAW) -> str:
    """The text, cut, with what PostgreSQL can't hold (NUL, lone surrogates) replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text[:length])


def said(error: object) -> str:
    """The words of an endpoint's error object, cut to one line; "no reason given" when it has none."""
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error.get("error") or error.get("code")
    if isinstance(error, dict):
        return said(error)
    text = " ".join(str(error).split()) if isinstance(error, str | int) else ""
    return storable(text, length=300) or "no reason given"


def _bad(what: str, body: bytes) -> Answered:
    raw = storable(body[:_LONGEST_RAW].decode(errors="replace"))
    return Answered(outcome=Outcome.BAD_RESPONSE, detail=f"The endpoint's answer {what}.", raw=raw)


def _assembled(told: Sequence[_Told], usages: Sequence[object], ask: Ask, latency_ms: float) -> Answered:
    chosen = _chosen(told)
    sample = chosen.sample
    flags = _flags(told, chosen, ask)
    logprobs: tuple[float, ...] = ()
    fields: tuple[FieldEvidence, ...] = ()
    if sample.outcome is Outcome.ANSWERED:
        logprobs, fields = _evidence(told, chosen, ask)
        if ask.logprobs and not logprobs:
            flags.add(Flag.LOGPROBS_UNUSABLE)
    tokens_in, tokens_out = _used(usages)
    if tokens_in is None or tokens_out is None:
        flags.add(Flag.USAGE_MISSING)
    return Answered(
        outcome=sample.outcome,
        detail=sample.detail,
        answer=sample.answer,
        confidence=sample.confidence,
        samples=tuple(one.sample for one in told),
        value_logprobs=logprobs,
        fields=fields,
        flags=frozenset(flags),
        raw=storable(chosen.content),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        latency_ms=latency_ms,
        finish_reason=chosen.finish_reason,
    )


def _chosen(told: Sequence[_Told]) -> _Told:
    """The first sample that gave the most frequent answer; the first of all when none gave one."""
    if len(told) == 1:
        return told[0]
    counts = Counter(one.sample.text for one in told if one.sample.text is not None)
    if not counts:
        return told[0]
    most = counts.most_common(1)[0][0]  # equal counts come in the order of the samples
    return next(one for one in told if one.sample.text == most)


def _flags(told: Sequence[_Told], chosen: _Told, ask: Ask) -> set[Flag]:
    flags = set()
    if chosen.fenced:
        flags.add(Flag.FENCED)
    if len(told) < ask.n:
        flags.add(Flag.SAMPLES_SHORT)
    if ask.ask_confidence and chosen.sample.outcome is Outcome.ANSWERED and chosen.sample.confidence is None:
        flags.add(Flag.CONFIDENCE_UNUSABLE)
    return flags


def _evidence(told: Sequence[_Told], chosen: _Told, ask: Ask) -> tuple[tuple[float, ...], tuple[FieldEvidence, ...]]:
    found = spans.leaves(chosen.content, start=chosen.start, wrapped=ask.wrapped)
    placed = spans.tokens(chosen.logprobs, chosen.content) if chosen.logprobs else []
    logprobs, seen = evidence.gather(chosen.content, placed, found)
    others = [one.sample.answer for one in told if one is not chosen and one.sample.text is not None]
    fields = evidence.fields(
        chosen.sample.answer,
        others=others,
        samples=len(told),
        content=chosen.content,
        seen=seen,
        labels=ask.schema.labels,
    )
    return logprobs, fields


def _restored(field: FieldEvidence, restore: Restore) -> FieldEvidence:
    """The field's other values as a person would read them."""
    return replace(field, alternatives=tuple(replace(one, text=restore.text(one.text)) for one in field.alternatives))


def _told(choice: object, ask: Ask, restore: Restore | None) -> _Told:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        return _Told(Sample(Outcome.BAD_RESPONSE, detail="A choice of the endpoint's answer has no message."))
    content, refusal, reason = message.get("content"), message.get("refusal"), choice.get("finish_reason")
    finish_reason = storable(reason, length=40) if isinstance(reason, str) else ""
    text = content if isinstance(content, str) else ""
    unusable = _unusable(content, refusal, finish_reason)
    if unusable is not None:
        return _Told(unusable, content=text or storable(str(refusal or "")), finish_reason=finish_reason)
    fence = _FENCE.fullmatch(text)
    start = fence.start("inside") if fence else 0
    sample = _sample(fence["inside"] if fence else text, ask, restore)
    return _Told(sample, text, start, fence is not None, finish_reason, choice.get("logprobs"))


def _unusable(content: object, refusal: object, finish_reason: str) -> Sample | None:
    """The reason not to parse at all. Length comes first: half an answer may parse, and be wrong."""
    if finish_reason == "length":
        return Sample(Outcome.TRUNCATED, detail="The model ran into its token limit before it was done.")
    if finish_reason == "content_filter":
        return Sample(Outcome.FILTERED, detail="The endpoint's content filter held the answer back.")
    if isinstance(refusal, str) and refusal.strip():
        return Sample(Outcome.REFUSED, detail=f"The model refused: {said(refusal)}")
    if content is None or (isinstance(content, str) and not content.strip()):
        return Sample(Outcome.EMPTY, detail="The model answered with no text.")
    if not isinstance(content, str):
        return Sample(Outcome.BAD_RESPONSE, detail="The content of the endpoint's answer is not text.")
    if len(content) > LIMITS.max_bytes:
        detail = f"The answer has {len(content):,} characters; at most {LIMITS.max_bytes:,} are read."
        return Sample(Outcome.TOO_LONG, detail=detail)
    return None


def _sample(text: str, ask: Ask, restore: Restore | None) -> Sample:
    try:
        document = strict.loads(text, limits=LIMITS)
    except strict.StrictError as error:
        outcome = Outcome.TOO_LONG if error.code is strict.Code.TOO_LARGE else Outcome.MALFORMED
        return Sample(outcome, detail=f"The answer can't be read: {error}.")
    answer, confidence = document, None
    if ask.wrapped:
        allowed = {"answer", "confidence"} if ask.ask_confidence else {"answer"}
        if not isinstance(document, dict) or "answer" not in document or not document.keys() <= allowed:
            return Sample(Outcome.SCHEMA_BROKEN, detail='The answer does not come as {"answer": ...}.')
        answer, confidence = document["answer"], _confidence(document.get("confidence"))
    if restore is not None:
        try:
            answer = restore(answer, most=LIMITS.max_bytes)
        except ValueError as error:
            return Sample(Outcome.TOO_LONG, detail=f"The answer can't be read: {error}.")
    problems = ask.schema.problems(answer, most=3)
    if problems:
        words = "; ".join(f"{one.where or 'the answer'}: {one.message}" for one in problems)
        return Sample(Outcome.SCHEMA_BROKEN, detail=f"The answer breaks the schema: {storable(words, length=600)}")
    return Sample(Outcome.ANSWERED, strict.canonical(answer).decode(), answer, confidence)


def _confidence(value: JSON) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return float(value)


def _used(usages: Sequence[object]) -> tuple[int | None, int | None]:
    """The tokens of several calls; None where one did not count them."""
    if len(usages) == 1:
        return _usage(usages[0])
    counted = [_usage(usage) for usage in usages]
    return _sum([one for one, _ in counted]), _sum([one for _, one in counted])


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return min(sum(known), 2**31 - 1) if len(known) == len(counts) else None


def _usage(usage: object) -> tuple[int | None, int | None]:
    if not isinstance(usage, dict):
        return None, None
    return _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < 2**31 else None
