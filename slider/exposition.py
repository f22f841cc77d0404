"""The text in which Prometheus reads figures: families of samples, each with its help and kind, version 0.0.4."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LABEL = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_HELP = str.maketrans({"\\": "\\\\", "\n": "\\n"})


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its samples. One without samples is told all the same, so that its name can be looked up."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...] = ()
    samples: list[tuple[tuple[str, ...], float]] = field(default_factory=list)

    def add(self, value: float | None, *labels: str) -> None:
        """Add a sample; one that is not known is left out, as it would be a lie."""
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {labels}")
        if value is not None:
            self.samples.append((labels, float(value)))


def text(families: Iterable[Family]) -> str:
    """All of it, a family after the other."""
    return "".join(_family(family) for family in families)


def _family(family: Family) -> str:
    lines = [
        f"# HELP {family.name} {family.help.translate(_HELP)}",
        f"# TYPE {family.name} {family.kind}",
        *(f"{family.name}{_labels(family.labels, values)} {_number(value)}" for values, value in family.samples),
    ]
    return "\n".join(lines) + "\n"


def _labels(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    pairs = (f'{name}="{value.translate(_LABEL)}"' for name, value in zip(names, values, strict=True))
    return "{" + ",".join(pairs) + "}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 2**53 else repr(value)
