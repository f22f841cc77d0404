"""The names of the sentinels, what each watches for in a sentence, and what one of them found."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Sentinel(StrEnum):
    """Who watches. The first five each keep a single item with people; the last one watches a task over time."""

    GIBBERISH = "gibberish"
    REPETITION = "repetition"
    ECHO = "echo"
    UNFAMILIAR = "unfamiliar"
    LANGUAGE = "language"
    COLLAPSE = "collapse"


TITLES: Mapping[Sentinel, str] = {
    Sentinel.GIBBERISH: "Gibberish",
    Sentinel.REPETITION: "Repetition",
    Sentinel.ECHO: "Copied text",
    Sentinel.UNFAMILIAR: "Unfamiliar items",
    Sentinel.LANGUAGE: "Another language",
    Sentinel.COLLAPSE: "Answers over time",
}

SENTENCES: Mapping[Sentinel, str] = {
    Sentinel.GIBBERISH: "Letters that make no words, broken characters, or an answer that says nothing at all.",
    Sentinel.REPETITION: "A text that says the same again and again, such as “da da da da”.",
    Sentinel.ECHO: "An answer that copies the instructions or the whole item, where this task's answers usually don't.",
    Sentinel.UNFAMILIAR: "An item whose text looks like nothing that this task has seen.",
    Sentinel.LANGUAGE: "An answer in a language that neither the item nor this task's usual answers speak.",
    Sentinel.COLLAPSE: "Answers that become all the same: this one raises an alarm and stops nothing by itself.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a sentinel saw in one text.

    Attributes:
        sentinel: who saw it.
        where: the text, as "item: subject" or "answer: reply".
        measure: the name of what was measured.
        value, threshold: the measurement, and beyond what it is a finding.
        words: for a person, to follow «A sentinel distrusts it: ».
    """

    sentinel: Sentinel
    where: str
    measure: str
    value: float
    threshold: float
    words: str

    def to_json(self) -> dict[str, object]:
        """Return a value for a JSON column: what was measured. Not the words, which may quote the text."""
        return {
            "sentinel": self.sentinel.value,
            "where": self.where,
            "measure": self.measure,
            "value": round(self.value, 4),
            "threshold": self.threshold,
        }
