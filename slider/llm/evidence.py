"""What else the model might have said: evidence for each field, from its tokens and the other samples."""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slider import strict
from slider.llm.records import Alternative, FieldEvidence
from slider.llm.spans import Leaf, Token
from slider.strict import JSON

_MOST_ALTERNATIVES = 5
_ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Seen:
    """The tokens of one field's value and the place where each of their leaves begins."""

    tokens: list[Token]
    begins: list[int]


def gather(content: str, placed: Sequence[Token], found: Sequence[Leaf]) -> tuple[tuple[float, ...], dict[str, Seen]]:
    """Logprobs of all value tokens, and the tokens of each field; both empty if one can't be trusted."""
    ends = [token.end for token in placed]
    by_field: dict[str, Seen] = {}
    all_logprobs: list[float] = []
    last = -1
    for leaf in found:
        begin, end = _in_bytes(content, leaf)
        seen = by_field.setdefault(leaf.name, Seen([], []))
        at = bisect_right(ends, begin)
        while at < len(placed) and placed[at].start < end:
            token = placed[at]
            if token.logprob is None:
                return (), {}
            if at > last:  # a token that spans two leaves counts once
                all_logprobs.append(token.logprob)
                last = at
            seen.tokens.append(token)
            seen.begins.append(begin)
            at += 1
    return tuple(all_logprobs), by_field


def fields(
    answer: JSON,
    *,
    others: Sequence[JSON],
    samples: int,
    content: str,
    seen: dict[str, Seen],
    labels: Mapping[str, tuple[str, ...]],
) -> tuple[FieldEvidence, ...]:
    """Evidence for each top-level field of the answer: from its tokens, and from samples that disagree.

    `others` are the answers of the other samples, `samples` how many came in all (the base of a share) and
    `labels` the allowed texts of each field that has a closed list.
    """
    mine = _by_field(answer)
    theirs = [_by_field(other) for other in others]
    names = dict.fromkeys([*mine, *(name for other in theirs for name in other)])
    encoded = content.encode(errors="replace")
    evidence = []
    for name in names:
        tokens_seen = seen.get(name)
        logprob = sum(token.logprob or 0.0 for token in tokens_seen.tokens) if tokens_seen else None
        in_doubt = _from_tokens(tokens_seen, encoded, labels.get(name, ())) if tokens_seen else {}
        in_doubt.pop(_shown(mine, name), None)
        shares = dict(Counter(_shown(other, name) for other in theirs)) if theirs else {}
        shares.pop(_shown(mine, name), None)
        evidence.append(FieldEvidence(name, logprob, _ranked(in_doubt, shares, samples)))
    return tuple(evidence)


def _ranked(in_doubt: dict[str, float], shares: Mapping[str, int], samples: int) -> tuple[Alternative, ...]:
    made = [
        Alternative(text, in_doubt.get(text), shares[text] / samples if text in shares else None)
        for text in dict.fromkeys([*shares, *in_doubt])
    ]
    if len(made) > 1:
        made.sort(key=lambda one: (-_strength(one), one.text))
    return tuple(made[:_MOST_ALTERNATIVES])


def _strength(one: Alternative) -> float:
    return max(one.share or 0.0, 0.0 if one.logprob is None else math.exp(one.logprob))


def _from_tokens(seen: Seen, content: bytes, labels: Sequence[str]) -> dict[str, float]:
    """The alternatives at the value's least likely token, completed to a label where only one label fits."""
    if not seen.tokens:
        return {}
    logprobs = [token.logprob or 0.0 for token in seen.tokens]
    doubted = logprobs.index(min(logprobs))
    token, begin = seen.tokens[doubted], seen.begins[doubted]
    before = content[begin : token.start].decode(errors="replace") if token.start > begin else ""
    found: dict[str, float] = {}
    for other, logprob in token.others():
        text = _completed(before, other, labels)
        if text:
            found.setdefault(text, logprob)
    return found


def _completed(before: str, other: str, labels: Sequence[str]) -> str:
    opened = other.lstrip('{[:,"\t\r\n ') if not before else other
    body, closed, _ = opened.partition('"')
    text = before + (body if closed else body.rstrip(",]}\r\n\t "))
    if not labels:
        return text
    fitting = [label for label in labels if label == text or (not closed and text and label.startswith(text))]
    return fitting[0] if len(fitting) == 1 else text


def _by_field(answer: JSON) -> dict[str, JSON]:
    return answer if isinstance(answer, dict) else {"": answer}


def _shown(answer: dict[str, JSON], name: str) -> str:
    if name not in answer:
        return _ABSENT
    value = answer[name]
    return value if isinstance(value, str) else strict.canonical(value).decode()


def _in_bytes(content: str, leaf: Leaf) -> tuple[int, int]:
    if content.isascii():
        return leaf.start, leaf.end
    begin = len(content[: leaf.start].encode())
    return begin, begin + len(content[leaf.start : leaf.end].encode())
