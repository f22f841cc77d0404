"""What the evidence says about each share: the points of the slider's picture."""

from dataclasses import dataclass

from slider.models import Policy

FEW = 20  # a cut with fewer verdicts than this is not drawn: a guess would look like knowledge


@dataclass(frozen=True, slots=True)
class Point:
    """One cut: the error of everything up to this share, 0-1, estimated, at least and at most. None: not known yet."""

    share: float
    verdicts: int
    error: float | None
    upper: float | None
    certified: bool
    lower: float | None = None


def points(policy: Policy) -> list[Point]:
    """The cuts of a policy's certificate in rising order; empty without evidence."""
    facts = policy.certificate
    if not facts:
        return []
    found: list[Point] = []
    lowers = facts.get("lower") or [None] * len(facts["cuts"])
    for place, cut in enumerate(facts["cuts"]):
        verdicts = int(facts["right"][place]) + int(facts["wrong"][place])
        known = verdicts >= FEW
        found.append(
            Point(
                share=float(cut),
                verdicts=verdicts,
                error=facts["error"][place] if known else None,
                upper=facts["upper"][place] if known else None,
                certified=bool(facts["certified"][place]),
                lower=lowers[place] if known else None,
            )
        )
    return found


def at(curve: list[Point], share: float) -> Point | None:
    """The cut that speaks for a share: the smallest one that is not below it."""
    return next((point for point in curve if point.share >= share - 1e-9), None)
