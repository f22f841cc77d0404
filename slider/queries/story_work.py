"""The chapters of a worker's part in an item: how it moved, what was tried, and what the answer's signals say."""

import math
from collections.abc import Sequence
from typing import Any

from slider.models import Attempt, Move, Outcome, Score
from slider.queries import items, privacy
from slider.queries.chapters import Chapter, Fact

_CLAIMED = "claimed by "  # how the reason of a claim's move begins; the machine's name follows
_ROUTING = {("working", "done"), ("working", "review"), ("ready", "review")}
_DECIDING = {("review", "done"), ("done", "review")}


def moves(found: Sequence[Move], *, hidden: bool) -> list[Chapter]:
    """The moves but for the one that routed the item: the decision tells that, to those who may know it.

    While that is hidden, so are the moves of verdicts, also of those that were taken back: only a gate's verdict moves
    an item, and an item that people have finished before is a look at them.
    """
    left_out = _ROUTING | _DECIDING if hidden else _ROUTING
    return [_move(move) for move in found if (move.from_state, move.to_state) not in left_out]


def _move(move: Move) -> Chapter:
    anchor = f"move-{move.pk}"
    title = "Came in" if not move.from_state else f"Moved from {move.from_state} to {move.to_state}"
    by, named = f", by {move.by}" if move.by else "", move.reason.removeprefix(_CLAIMED)
    if named != move.reason:
        return Chapter(move.at, title, "claimed by a worker", aside=named, anchor=anchor)
    return Chapter(move.at, title, move.reason + by, anchor=anchor)


def attempt_made(attempt: Attempt) -> Chapter:
    outcome = Outcome(attempt.outcome)
    facts = [
        Fact("tokens in and out", f"{attempt.tokens_in:,} and {attempt.tokens_out:,}"),
        Fact("took", f"{attempt.latency_ms:,} ms"),
        Fact("cost", "price not known" if attempt.cost is None else f"{attempt.cost.normalize():f}"),
    ]
    if attempt.masked:
        facts.append(Fact("kept from the model", privacy.in_words(attempt.masked)))
    if attempt.samples:
        facts.append(Fact("samples", str(len(attempt.samples) + 1)))
    who = f"{attempt.worker} tried"
    if attempt.instead_of:
        who = f"{attempt.worker} tried in place of the task's worker, as {attempt.get_instead_of_display()}"
    return Chapter(
        attempt.created_at,
        f"{who}: {outcome.label}",
        attempt.detail if outcome != Outcome.ANSWERED else "",
        tuple(facts),
        attempt.raw,
        anchor=f"attempt-{attempt.pk}",
    )


_SIGNALS = {
    "token_logodds": "the tokens",
    "weakest_token": "the weakest token",
    "agreement": "the samples' agreement",
    "stated": "what it said of itself",
    "familiar": "items of this task as unusual as this",
}
_WORDS_FROM = ((2.5, "very sure"), (1.5, "sure"), (0.5, "rather sure"), (-0.5, "undecided"), (-1.5, "rather unsure"))


def in_words(log_odds: float) -> str:
    """How sure a signal speaks for the answer; log-odds of 0 are even chances, 2.5 are twelve to one."""
    words = next((words for least, words in _WORDS_FROM if log_odds >= least), "unsure")
    return f"{words} ({log_odds:.1f})"


def _said(name: str, value: float) -> str:
    # How usual an item is says nothing of how sure anybody is of its answer.
    return f"{100 / (1 + math.exp(-value)):.2g} %" if name == "familiar" else in_words(value)


def _measured(found: dict[str, Any]) -> str:
    """What a sentinel measured, beside the limit that it judges by."""
    return f"{found['where']}: {found['measure']} {found['value']:.4g}, limit {found['threshold']:.4g}"


def scored(score: Score) -> Chapter:
    facts = [Fact(_SIGNALS.get(name, name), _said(name, value)) for name, value in score.signals.items()]
    facts += [Fact(f"sentinel: {one['sentinel']}", _measured(one)) for one in score.sentinels]
    unknown = score.calibration == items.UNFITTED
    title = (
        "Scored: too few reviewed items to say how likely it is right"
        if unknown
        else (f"Scored: {score.p_correct:.2f} likely right")
    )
    return Chapter(
        score.created_at,
        title,
        "" if facts else "The answer gave no signals.",
        tuple(facts),
        anchor=f"score-{score.pk}",
    )
