"""Other values for a field: what the other samples and the ladder's other workers said, and what was nearly written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slider import strict
from slider.models import Attempt
from slider.queries import shape
from slider.queries.shape import Part

MOST_TOLD = 3  # so many differences are named; of more, the first and how many


@dataclass(frozen=True, slots=True)
class Rival:
    """A value with those who said it, in words; `weight` is how many they are."""

    value: Any
    support: str
    weight: int


def workers(attempt: Attempt) -> dict[str, Any]:
    """The last answer that each other worker gave to the same item, by the worker's name."""
    others = Attempt.objects.filter(item_id=attempt.item_id, answer__isnull=False).exclude(worker_id=attempt.worker_id)
    found = others.select_related("worker").order_by("token", "pk")
    return {str(other.worker): other.answer for other in found}


def of(
    part: Part, proposal: Any, samples: Sequence[Any], others: Mapping[str, Any], row: Mapping[str, Any]
) -> list[Rival]:
    """Other values for a field, each once, most supported first; then what the model nearly wrote."""
    value = shape.held(proposal, part)
    total = len(samples) + 1
    said = Counter(_key(sample, part) for sample in samples if differs(sample, part, value))
    by: dict[bytes, list[str]] = {}
    for name, answer in others.items():
        if differs(answer, part, value):
            by.setdefault(_key(answer, part), []).append(name)
    found = [
        Rival(strict.loads(key), _support(said[key], total, by.get(key, ())), said[key] + len(by.get(key, ())))
        for key in dict.fromkeys([*said, *by])
    ]
    known = {strict.canonical(value), *said, *by}
    near = []
    for one in row.get("alternatives", ()):
        for meant in _meant(one["text"], part):
            if (key := strict.canonical(meant)) not in known:
                known.add(key)
                near.append(Rival(meant, "", 0))
    return sorted(found, key=lambda rival: -rival.weight) + near


def differs(answer: Any, part: Part, value: Any) -> bool:
    """Whether an answer gives this field another value; one that gives none doesn't."""
    if answer is None or (part.name and not isinstance(answer, dict)):
        return False
    held = shape.held(answer, part)
    return held is not None and strict.canonical(held) != strict.canonical(value)


def told(value: Any, other: Any) -> str:
    """Where two values differ, for those that have parts: «row 2, amount: 5»; else nothing."""
    if not isinstance(other, dict | list) or type(value) is not type(other):
        return ""
    found = _differences(value, other, ())
    words = "; ".join(f"{', '.join(where)}: {words}" for where, words in found[:MOST_TOLD])
    return words if len(found) <= MOST_TOLD else f"{words}; and {len(found) - MOST_TOLD} more"


def _differences(value: Any, other: Any, where: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict) and isinstance(other, dict):
        steps: list[tuple[str | int, Any, Any]] = [
            (name, value.get(name, _GONE), other.get(name, _GONE)) for name in dict.fromkeys([*value, *other])
        ]
    elif isinstance(value, list) and isinstance(other, list):
        most = max(len(value), len(other))
        steps = [(n, *(side[n] if n < len(side) else _GONE for side in (value, other))) for n in range(most)]  # type: ignore[misc]  # two sides, always
    else:
        same = value is not _GONE and other is not _GONE and strict.canonical(value) == strict.canonical(other)
        return [] if same else [(where, "taken away" if other is _GONE else shape.as_text(other)[:60] or "nothing")]
    return [found for step, one, two in steps for found in _differences(one, two, (*where, _named(step)))]


def _named(step: str | int) -> str:
    return step if isinstance(step, str) else f"row {step + 1}"


_GONE = object()


def _support(samples: int, total: int, names: Sequence[str]) -> str:
    words = [f"{samples} of {total} samples"] if samples else []
    return ", ".join([*words, *names])


def _key(answer: Any, part: Part) -> bytes:
    return strict.canonical(shape.held(answer, part))


def _meant(text: str, part: Part) -> list[Any]:
    """What the text of a token alternative can mean in this field."""
    if part.choices:
        return [choice for choice in part.choices if shape.as_text(choice) == text or choice == text]
    if part.kind in (shape.Kind.TEXT, shape.Kind.LONG, shape.Kind.DATE):
        return [text]
    try:
        return [strict.loads(text)]
    except strict.StrictError:
        return []
