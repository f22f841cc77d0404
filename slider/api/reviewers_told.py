"""The people who review as the API tells them: the same figures as on the pages, and as little of few."""

from collections.abc import Sequence
from typing import Any

from slider.engine.agreement import Agreement
from slider.engine.difference import Difference
from slider.engine.proportion import Share
from slider.models import Known, Review
from slider.queries.disagreements import Lesson, Split
from slider.queries.practice import Trainee
from slider.queries.reviewers import Person, Team
from slider.queries.sway import Row


def known(one: Known) -> dict[str, Any]:
    """A known answer."""
    return {
        "item": one.pk,
        "draft_right": one.draft_right,
        "answer": one.answer,
        "source": one.source,
        "words": one.explanation,
        "by": one.by.get_username() if one.by else None,
    }


def team(found: Team) -> dict[str, Any]:
    """All people of a task, and how they agree."""
    return {
        "people": [person(one) for one in found.people],
        "whole": person(found.whole),
        "alpha": _agreement(found.alpha),
        "pairs": [{"first": one.first, "second": one.second, "kappa": _agreement(one.kappa)} for one in found.pairs],
        "known_right": found.known_right,
        "known_wrong": found.known_wrong,
        "waiting": found.waiting,
    }


def person(one: Person) -> dict[str, Any]:
    """One person's figures."""
    return {"id": one.user_id, "name": one.name} | figures(one)


def figures(one: Person) -> dict[str, Any]:
    """The same without who it is."""
    shares = {name: _share(getattr(one, name)) for name in ("accuracy", "missed", "alarms")}
    return {"looks": one.looks, "seconds": one.seconds, "known": one.known} | shares


def sway(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """How far the draft sways people, group by group."""
    return [
        {"words": one.words, "swayed": _difference(one.swayed)}
        | {name: _share(getattr(one, name)) for name in ("shown", "hidden", "switched")}
        for one in rows
    ]


def trainee(one: Trainee) -> dict[str, Any]:
    """How somebody stands with practice."""
    same = {name: getattr(one, name) for name in ("name", "practised", "let_in", "must")}
    return same | {"id": one.user_id, "right": _share(one.right)}


def split(one: Split) -> dict[str, Any]:
    """An item on which two people disagree."""
    sides = {"first": _side(one.first), "second": _side(one.second)}
    return {"id": one.second.pk, "item": one.item_id, "title": one.title} | sides


def lesson(one: Lesson) -> dict[str, Any]:
    """What somebody got wrong, and why."""
    same = {name: getattr(one, name) for name in ("title", "said", "right", "answer", "at")}
    return same | {"task": one.task.slug, "item": one.item_id, "words": one.explanation}


def _side(look: Review) -> dict[str, Any]:
    who = look.holder.get_username() if look.holder else "several people"
    return {"who": who} | {name: getattr(look, name) for name in ("verdict", "answer", "reason", "note")}


def _share(one: Share | None) -> dict[str, Any] | None:
    names = ("hits", "of", "value", "lower", "upper")
    return None if one is None else {name: getattr(one, name) for name in names}


def _agreement(one: Agreement) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ("items", "value", "lower", "upper")}


def _difference(one: Difference | None) -> dict[str, Any] | None:
    return None if one is None else {name: getattr(one, name) for name in ("value", "lower", "upper")}
