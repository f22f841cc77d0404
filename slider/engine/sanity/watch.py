"""The sentinels together: each look judged by all that its task has seen before, and remembered."""

import hashlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from slider.engine import percents
from slider.engine.sanity import echo, familiar, meter, near
from slider.engine.sanity.familiar import Distance, Profile
from slider.engine.sanity.habits import RARE, USUAL_COPIES, Habits
from slider.engine.sanity.look import OF_ITEM, OF_PROMPT, Look
from slider.engine.sanity.meter import Meter
from slider.engine.sanity.names import Finding, Sentinel

ANSWERS, NEAR, DISTRUST = "answers", "near_duplicates", "distrust"
METERS = (ANSWERS, NEAR, DISTRUST)
YES, NO = "1", "0"
_KEPT_PRINTS = 64


@dataclass(frozen=True, slots=True)
class Sight:
    """What the sentinels say of one answer: the findings that veto it, and weak evidence for the calibration."""

    findings: tuple[Finding, ...] = ()
    signals: Mapping[str, float] = field(default_factory=dict)

    @property
    def veto(self) -> str:
        """Why the answer goes to people, in words; empty when no sentinel distrusts it."""
        return "; ".join(finding.words for finding in self.findings)


@dataclass(frozen=True, slots=True)
class State:
    """What the sentinels remember of a task: kept as JSON of at most 25 kB, replaced by every batch."""

    profile: Profile = field(default_factory=familiar.empty)
    habits: Habits = field(default_factory=Habits)
    meters: Mapping[str, Meter] = field(default_factory=lambda: {name: Meter() for name in METERS})
    prints: tuple[tuple[int | None, int], ...] = ()
    looked: int = 0
    found: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return {
            "profile": self.profile.to_json(),
            "habits": self.habits.to_json(),
            "meters": {name: one.to_json() for name, one in self.meters.items()},
            "prints": [["" if item is None else f"{item:x}", f"{answer:x}"] for item, answer in self.prints],
            "looked": self.looked,
            "found": dict(self.found),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "State":
        """Read back what `to_json` wrote; an empty mapping is a task that has seen nothing. Raises ValueError."""
        if not stored:
            return cls()
        try:
            profile, meters = stored["profile"], stored["meters"]
            if not isinstance(profile, Mapping) or not isinstance(meters, Mapping):
                raise TypeError("profile and meters are no objects")
            prints = [(int(item, 16) if item else None, int(answer, 16)) for item, answer in stored["prints"]]  # type: ignore[attr-defined]
            found = {str(name): int(count) for name, count in stored["found"].items()}  # type: ignore[attr-defined]
            return cls(
                Profile.from_json(profile),
                Habits.from_json(stored["habits"]),
                {name: Meter.from_json(meters[name]) for name in METERS},
                tuple(prints),
                int(stored["looked"]),  # type: ignore[call-overload]
                found,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"What the sentinels remember can't be read: {error!r}.") from error


def weigh(looks: Sequence[Look], state: State, *, off: Collection[str], at: float) -> tuple[list[Sight], State]:
    """Judge looks in order by what the task has seen before each, and remember them.

    Args:
        looks: one a item, in the order of routing.
        state: what the sentinels remember.
        off: names of sentinels that this task has switched off: they learn, and find nothing.
        at: the time, in seconds since 1970.

    Returns:
        A Sight a look, and the state after them.
    """
    distances, profile = familiar.learn(state.profile, [one.grams for one in looks])
    habits, prints, sights = state.habits, list(state.prints), []
    keys: dict[str, list[str]] = {name: [] for name in METERS}
    found: dict[str, int] = dict(state.found)
    labels: dict[str, str] = {}
    for one, distance in zip(looks, distances, strict=True):
        copied, habits = _copies(one, habits)
        spoken, habits = _language(one, habits)
        seen = (*one.findings, *_strange(distance), *copied, *spoken)
        kept = tuple(finding for finding in seen if finding.sentinel not in off)
        for finding in kept:
            found[finding.sentinel] = found.get(finding.sentinel, 0) + 1
        sights.append(Sight(kept, _signals(distance)))
        if one.answered:
            keys[DISTRUST].append(YES if kept else NO)
            _collect(one, keys, labels, prints)
    meters = {
        name: meter.observe(state.meters[name], keys[name], labels=labels, at=at, only="" if name == ANSWERS else YES)
        for name in METERS
    }
    return sights, State(profile, habits, meters, tuple(prints[-_KEPT_PRINTS:]), state.looked + len(looks), found)


def _strange(distance: Distance) -> list[Finding]:
    if distance.far is None or not distance.is_unfamiliar:
        return []
    words = f"the item looks like nothing this task has seen ({distance.far:.1f} spreads off the usual)"
    return [Finding(Sentinel.UNFAMILIAR, "the item", "spreads off the usual", distance.far, familiar.FAR, words)]


_LIMITS = {OF_PROMPT: echo.OF_PROMPT, OF_ITEM: echo.OF_ITEM}
_COPIED = {OF_PROMPT: "copies the worker's instructions", OF_ITEM: "copies the whole item"}


def _copies(one: Look, habits: Habits) -> tuple[list[Finding], Habits]:
    """Copying is a finding unless a fifth or more of the task's first answers copied as well."""
    findings = []
    for kind, where, share in one.copies:
        did = share >= _LIMITS[kind]
        if did and (habits.copies(kind) or 0.0) < USUAL_COPIES:
            words = f"{where} {_COPIED[kind]} ({percents.said(share, digits=0)} of its words in a row)"
            findings.append(Finding(Sentinel.ECHO, where, f"copied from the {kind}", share, _LIMITS[kind], words))
        habits = habits.with_copy(kind, did=did)
    return findings, habits


def _language(one: Look, habits: Habits) -> tuple[list[Finding], Habits]:
    if one.answer_language is None:
        return [], habits
    usual = habits.odd_language(one.item_language, one.answer_language, prompt=one.prompt_language)
    learned = habits.with_pair(one.item_language, one.answer_language, is_odd=usual is not None)
    if usual is None:
        return [], learned
    item = f"the item is in {one.item_language}" if one.item_language else "the item's language is not known"
    often = percents.said(usual, digits=1)
    words = f"{one.answer_where} is in {one.answer_language}, which is unusual here ({often}; {item})"
    return [Finding(Sentinel.LANGUAGE, one.answer_where, "share of that language", usual, RARE, words)], learned


def _signals(distance: Distance) -> dict[str, float]:
    """How familiar an item is, as log-odds: 0 for the median one, 6 at most either way."""
    if distance.rarer is None:
        return {}
    return {"familiar": math.log(distance.rarer) - math.log1p(-distance.rarer)}


def _collect(
    one: Look, keys: dict[str, list[str]], labels: dict[str, str], prints: list[tuple[int | None, int]]
) -> None:
    """Put down what the meters count of an answer: its closed part, and whether its text nearly came before."""
    if one.key:
        key = hashlib.blake2b(one.key.encode(errors="replace"), digest_size=6).hexdigest()
        keys[ANSWERS].append(key)
        if key not in labels:
            labels[key] = _label(one.key)
    item, answer = one.prints
    if answer is None:
        return
    last = prints[-_KEPT_PRINTS:]
    items = [last[place][0] for place in near.those_near(answer, [before for _, before in last])]
    again = any(item is None or before is None or not near.are_near(item, before) for before in items)
    keys[NEAR].append(YES if again else NO)
    prints.append((item, answer))


def _label(key: str) -> str:
    """The closed part of an answer as a person reads it: "topic refund, urgent no"."""
    said = {True: "yes", False: "no", None: "none"}
    words = []
    for where, value in json.loads(key):
        words.append(f"{where} {said.get(value, value)}".strip())
    return ", ".join(words)[:80]
