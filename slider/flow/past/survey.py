"""What the columns of a history hold, and the first guess at what each of them means."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from slider.engine import evidence
from slider.flow.past.meaning import Cell, Meaning, Signal, verdict_of
from slider.rows import Bad, Values

EXAMPLES = 3
MOST_VALUES = 50  # so many different texts of a column are told apart
MOST_COLUMNS = 500

_IDS = ("id", "external_id", "item_id", "item", "key")
_VERDICTS = ("correct", "is_correct", "right", "ok", "label_correct", "verdict", "human_label", "outcome", "judgement")
_ERRORS = ("wrong", "is_wrong", "incorrect", "error", "is_error", "mistake")
_ANSWERS = ("answer", "output", "prediction", "predicted", "proposal")
_TRUTHS = ("gold", "truth", "expected", "label", "human", "human_answer", "reference")
_TIMES = ("t", "time", "timestamp", "created_at", "date", "at")
_CHANCES = ("propensity", "audit_chance", "chance", "sampling_rate", "inclusion_probability")
_MODELS = ("model", "worker", "model_name")
_TASKS = ("task",)
SIGNAL_NAMES = evidence.SIGNALS
_SIGNALS: Mapping[str, tuple[str, ...]] = {
    "token_logodds": ("token_logodds", "logodds", "logit", "token_prob", "token_logprob", "logprob", "sum_logprob"),
    "weakest_token": ("weakest_token", "min_token_prob", "min_logprob", "weakest_token_prob"),
    "agreement": ("agreement", "self_consistency", "sample_agreement"),
    "stated": (
        "stated",
        "stated_conf",
        "stated_confidence",
        "confidence",
        "conf",
        "api_conf",
        "p_true",
        "prob",
        "probability",
        "score",
        "trust",
        "p_correct",
    ),
}


@dataclass(slots=True)
class Column:
    """One column: how many rows have it, how many of them as a number, the span of those, a few of its texts."""

    name: str
    filled: int = 0
    numbers: int = 0
    least: float = math.inf
    most: float = -math.inf
    examples: list[str] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)

    def see(self, value: Cell) -> None:
        """Take one more cell into account."""
        self.filled += 1
        text = str(value)[:80]
        if text in self.values or len(self.values) <= MOST_VALUES:
            self.values[text] = self.values.get(text, 0) + 1
        if len(self.examples) < EXAMPLES and text not in self.examples:
            self.examples.append(text)
        number = number_of(value)
        if number is not None:
            self.numbers += 1
            self.least, self.most = min(self.least, number), max(self.most, number)

    @property
    def is_numeric(self) -> bool:
        """Numbers nearly everywhere; a few odd cells are refused row by row."""
        return self.filled > 0 and self.numbers >= 0.9 * self.filled

    @property
    def is_verdict(self) -> bool:
        """Right or wrong nearly everywhere; a few odd cells are refused row by row."""
        known = sum(count for text, count in self.values.items() if verdict_of(text) is not None)
        return self.filled > 0 and known >= 0.9 * self.filled

    def to_json(self) -> dict[str, Any]:
        """A value for a JSON column."""
        known = asdict(self) | {"values": self.values if len(self.values) <= MOST_VALUES else {}}
        return known | {"least": None, "most": None} if self.numbers == 0 else known

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Column":
        """Read back what `to_json` wrote."""
        least, most = stored["least"], stored["most"]
        span = {"least": math.inf if least is None else least, "most": -math.inf if most is None else most}
        return cls(**(dict(stored) | span))


def number_of(value: Cell) -> float | None:
    """A cell as a finite number; None for anything else, a truth included."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def survey(rows: Iterable[Values | Bad]) -> list[Column]:
    """Look at every row once; columns in the order in which they first appear."""
    found: dict[str, Column] = {}
    for row in rows:
        if isinstance(row, Bad):
            continue
        for name, value in row.cells.items():
            column = found.get(name)
            if column is None and len(found) < MOST_COLUMNS:
                column = found[name] = Column(name)
            if column is not None:
                column.see(value)
    return list(found.values())


def guess(columns: list[Column]) -> Meaning:
    """What each column probably means, by its name and by what it holds; a person can correct every part."""
    verdict, says = _verdict(columns)
    answer, gold = (_first(columns, _ANSWERS), _first(columns, _TRUTHS)) if not verdict else ("", "")
    signals = _signals([column for column in columns if column.is_numeric and column.name != verdict])
    taken = {signal.column for signal in signals.values()}
    others = [c.name for c in columns if c.is_numeric and c.name.startswith("signals.") and c.name not in taken]
    chance = _first([c for c in columns if c.is_numeric and c.least > 0 and c.most <= 1], _CHANCES)
    return Meaning(
        id=_first(columns, _IDS),
        correct=verdict,
        says=says,
        answer=answer if gold else "",
        gold=gold if answer else "",
        signals=signals,
        keep=tuple(others),
        time=_first(columns, _TIMES),
        propensity=chance,
        model=_first(columns, _MODELS),
        task=_first(columns, _TASKS),
    )


def _verdict(columns: list[Column]) -> tuple[str, str]:
    fit = [column for column in columns if column.is_verdict]
    if name := _first(fit, _VERDICTS):
        return name, "right"
    name = _first(fit, _ERRORS)
    return name, "wrong" if name else "right"


def _signals(columns: list[Column]) -> dict[str, Signal]:
    found: dict[str, Signal] = {}
    for target, names in _SIGNALS.items():
        name = _first([c for c in columns if c.name not in {s.column for s in found.values()}], names)
        if name:
            column = next(c for c in columns if c.name == name)
            found[target] = Signal(name, read_as(column))
    return {target: found[target] for target in evidence.SIGNALS if target in found}


def read_as(column: Column) -> str:
    """How a column's numbers probably say a chance."""
    bare = _bare(column.name)
    if "logprob" in bare and column.most <= 0:
        return "logprob"
    if column.least >= 0 and column.most <= 1:
        return "probability"
    percent = column.least >= 0 and 1 < column.most <= 100
    return "percent" if percent and not re.search(r"odds|logit|token", bare) else "logodds"


def _first(columns: list[Column], names: tuple[str, ...]) -> str:
    """The first column that has one of these names, in the order of the names; «signals.stated» is «stated»."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_bare(column.name), column.name)
    return next((by_name[name] for name in names if name in by_name), "")


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.removeprefix("signals.").lower()).strip("_")
