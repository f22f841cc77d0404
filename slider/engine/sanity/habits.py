"""What is usual for a task's answers: whether they copy, and in which language they answer which."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LEAST_SEEN = 50
"""Answers from which on a task has habits."""

LEARNED = 200
"""Copying is learned from the first 200 answers that could copy only: who begins to copy later stands out."""

USUAL_COPIES = 0.2
RARE = 0.02
_MOST_PAIRS = 60
_FORGET_AT = 2_000.0
_FLIP_COUNTS = 0.1


@dataclass(frozen=True, slots=True)
class Habits:
    """A task's habits, kept as JSON.

    Attributes:
        copied: of each kind of copying, how many of the first answers could copy, and how many did.
        pairs: how often an item's language and its answer's language came together, as "German>English".
    """

    copied: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    pairs: Mapping[str, float] = field(default_factory=dict)

    def copies(self, kind: str) -> float | None:
        """The share of the first answers that copied; None while fewer than 50 are known."""
        could, did = self.copied.get(kind, (0, 0))
        return did / could if could >= LEAST_SEEN else None

    def with_copy(self, kind: str, *, did: bool) -> "Habits":
        """These habits with one more answer that could copy."""
        could, copied = self.copied.get(kind, (0, 0))
        if could >= LEARNED:
            return self
        return Habits({**self.copied, kind: (could + 1, copied + did)}, self.pairs)

    def odd_language(self, item: str | None, answer: str, *, prompt: str | None) -> float | None:
        """How usual this language is for an answer, 0-1, where that is rare (below 2 %); None where it is not.

        Of 30 or more answers to items in the same language their share counts; before, the share among all answers, or
        that of answers in their item's own language. While the task has fewer than 50 answers, a language that
        neither the item nor the instructions speak is odd, if the item's language is known.
        """
        total = sum(self.pairs.values())
        if total < LEAST_SEEN:
            return 0.0 if item is not None and answer not in (item, prompt) else None
        same_item = sum(count for pair, count in self.pairs.items() if pair.startswith(f"{item}>"))
        if item is not None and same_item >= 30:
            share = self.pairs.get(f"{item}>{answer}", 0.0) / same_item
        else:
            share = sum(count for pair, count in self.pairs.items() if pair.endswith(f">{answer}")) / total
            if item == answer:
                share = max(share, sum(count for pair, count in self.pairs.items() if _is_same(pair)) / total)
        return share if share < RARE else None

    def with_pair(self, item: str | None, answer: str, *, is_odd: bool) -> "Habits":
        """These habits with one more answer. Odd ones count a tenth, so that a burst of them stays odd for long."""
        pairs = dict(self.pairs)
        pair = f"{item}>{answer}"
        pairs[pair] = round(pairs.get(pair, 0.0) + (_FLIP_COUNTS if is_odd else 1.0), 2)
        if len(pairs) > _MOST_PAIRS:
            del pairs[min(pairs, key=lambda name: pairs[name])]
        if sum(pairs.values()) > _FORGET_AT:
            pairs = {name: round(count / 2, 2) for name, count in pairs.items()}
        return Habits(self.copied, pairs)

    def to_json(self) -> dict[str, object]:
        return {"copied": {kind: list(counts) for kind, counts in self.copied.items()}, "pairs": dict(self.pairs)}

    @classmethod
    def from_json(cls, stored: object) -> "Habits":
        """Read back what `to_json` wrote; raises ValueError when it is something else."""
        try:
            copied = {str(kind): (int(could), int(did)) for kind, (could, did) in stored["copied"].items()}  # type: ignore[index]
            pairs = {str(pair): float(count) for pair, count in stored["pairs"].items()}  # type: ignore[index]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"Stored habits can't be read: {error!r}.") from error
        return cls(copied, pairs)


def _is_same(pair: str) -> bool:
    item, _, answer = pair.partition(">")
    return item == answer
