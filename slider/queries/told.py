"""An entry of the log in words: what was done, and which values were others before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slider.engine import percents

_LONGEST = 200
_NOUNS = {
    "project": "The project",
    "membership": "A membership",
    "apikey": "An API key",
    "task": "The task",
    "worker": "A worker",
    "endpoint": "The receiver of results",
    "policy": "Policy",
    "act": "An act of the guard",
    "operation": "An operator's act",
    "halt": "A halt",
    "correction": "A correction",
    "adjudication": "A lead's word on two looks",
    "admission": "A person's admission to live items",
    "known": "A known answer",
    "auth_user": "An account",
    "auth_user_user_permissions": "A right of an account",
    "auth_user_groups": "An account's place in a group",
    "auth_group_permissions": "A right of a group",
    "item": "An item",
}
_DONE = {"came": "was added", "changed": "was changed", "gone": "was taken away"}
_VERDICTS = {"accept": "Accepted", "fix": "Fixed", "reject": "Rejected"}
_WHAT = {"items": "The items of a task", "log": "This log"}
# What every row has and nobody asks about.
_PLAIN = frozenset({"id", "created_at", "task_id", "project_id", "at", "since"})


@dataclass(frozen=True, slots=True)
class Change:
    """One value: what it was before (None where the row was new) and what it is after (None where it went)."""

    name: str
    was: str | None
    now: str | None


def words(kind: str, facts: Mapping[str, Any], *, names: Mapping[int, str] | None = None) -> str:
    """One sentence; `names` are those of the people it is about, by their ids."""
    table, op = str(facts.get("table", "")), str(facts.get("op", ""))
    if table == "decision":
        return _decisions(op, facts)
    if table == "publication":
        return _results(op, facts)
    if table == "review":
        return _verdict(op, facts)
    if table:
        return _row(table, op, facts, names or {})
    if facts.get("file"):
        return _file(facts)
    if kind == "export":
        if facts.get("what") == "subject":
            return f"What is held under one id was handed out ({facts.get('format')})"
        narrowed = ", narrowed" if facts.get("narrowed") or facts.get("state", "all") != "all" else ""
        return f"{_WHAT.get(str(facts.get('what')), 'Something')} left as a file ({facts.get('format')}{narrowed})"
    if kind == "privacy":
        return _privacy(facts)
    if kind in ("sign_in", "sign_out", "refused"):
        return _door(kind, facts, names or {})
    return "The log begins here" if facts.get("begins") else "Something was written into the log"


def changes(facts: Mapping[str, Any]) -> list[Change]:
    """The values of a row that was added, changed or taken away; of a change only those that differ."""
    was, now = facts.get("was") or {}, facts.get("set") or {}
    names = [name for name in {**was, **now} if facts.get("op") == "changed" or name not in _PLAIN]
    return [
        Change(name, _value(was[name]) if name in was else None, _value(now[name]) if name in now else None)
        for name in sorted(names)
    ]


def item(facts: Mapping[str, Any]) -> int | None:
    """The one item that an entry is about."""
    if facts.get("table") == "item":
        return int(facts["row"])
    values = facts.get("set") or facts.get("was") or {}
    found = facts.get("item", values.get("item_id") if isinstance(values, dict) else None)
    return found if isinstance(found, int) else None


def person(facts: Mapping[str, Any]) -> int | None:
    """Whom an entry is about: whose role, account or name it was."""
    found = facts.get("row") if facts.get("table") == "auth_user" else facts.get("of", facts.get("name_of"))
    return found if isinstance(found, int) else None


def _file(facts: Mapping[str, Any]) -> str:
    """A file of items or past outputs that came in, or did not."""
    what = "The history" if facts.get("purpose") == "history" else "The file"
    named = f"{what} {facts.get('name')} (import {facts.get('import')})"
    if facts["file"] == "start":
        return f"{named} is brought in"
    kept = f"; {facts['added']:,} of its rows are in" if facts.get("added") else ""
    return f"{named} was dropped{kept}"


def _decisions(op: str, facts: Mapping[str, Any]) -> str:
    many = _many(facts, "decision")
    if facts.get("emptied"):
        return f"Words of {many} were deleted"
    if op == "gone":
        return f"{many} taken away: items went back to their worker"
    places = f"places {facts.get('first'):,} to {facts.get('last'):,}"
    routed = f"{_many(facts, 'item')} routed, {facts.get('unattended')} unattended"
    return f"{routed}, by policy {facts.get('policy')} ({places})"


def _results(op: str, facts: Mapping[str, Any]) -> str:
    if facts.get("emptied"):
        return f"Answers of {_many(facts, 'result')} were deleted"
    one = f"Result {facts.get('number')} of item {facts.get('item')}"
    if op == "gone":
        return f"{one} was taken back before it left"
    if op == "changed":
        return f"{one} was changed"
    if facts.get("rows") == 1:
        return f"{one} is owed: {facts.get('ending')}"
    return f"{_many(facts, 'result')} owed"


def _verdict(op: str, facts: Mapping[str, Any]) -> str:
    if facts.get("emptied"):
        return f"Answers and notes of {_many(facts, 'verdict')} were deleted"
    if op == "gone":
        return f"The verdict on item {facts.get('item')} was taken back"
    said = _VERDICTS.get(str(facts.get("verdict")), "Decided")
    why = f", reason {facts['reason']}" if facts.get("reason") else ""
    again = ", anew" if op == "changed" else ""
    return f"{said} item {facts.get('item')} ({facts.get('kind')}){why}{again}"


def _row(table: str, op: str, facts: Mapping[str, Any], names: Mapping[int, str]) -> str:
    now = facts.get("set") or facts.get("was") or {}
    if table == "policy" and op == "came":
        held = ", pulled back" if now.get("held") else ""
        return (
            f"Policy {now.get('number')}: {_share(now.get('requested'))} asked for, "
            f"{_share(now.get('effective'))} in effect, {now.get('mode')}{held}: {now.get('reason')}"
        )
    if table == "act" and op == "came":
        return f"The guard: {now.get('words')}"
    if table == "operation" and op == "came":
        return f"An operator: {now.get('kind')}, {now.get('reason')}"
    if table == "item":
        return f"Item {facts.get('row')} was withdrawn"
    named = facts.get("name") or names.get(person(facts) or 0) or facts.get("row")
    role = f": {now['role']}" if table == "membership" and "role" in now else ""
    return f"{_NOUNS.get(table, table)} ({named}) {_DONE.get(op, op)}{role}"


def _privacy(facts: Mapping[str, Any]) -> str:
    if facts.get("deed") == "sealed anew":
        return f"{facts.get('values')} secrets of {facts.get('place')} were sealed anew, by key {facts.get('key')}"
    if facts.get("cause") == "request":
        return f"Item {facts.get('item')} was erased on request: {facts.get('words')}"
    many, days = int(facts.get("items", 0)), facts.get("days")
    return f"The contents of {many:,} item{'' if many == 1 else 's'} were deleted, by the rule of {days} days"


def _door(kind: str, facts: Mapping[str, Any], names: Mapping[int, str]) -> str:
    place = f" from {facts['from']}" if facts.get("from") else ""
    if kind == "refused":
        whose = person(facts)
        under = f"the name {names.get(whose, whose)}" if whose else "a name that nobody has"
        return f"A sign-in was refused{place}, under {under}"
    return ("Signed in" if kind == "sign_in" else "Signed out") + place


def _many(facts: Mapping[str, Any], noun: str) -> str:
    many = int(facts.get("rows", 0))
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def _share(value: Any) -> str:
    return percents.said(float(value)) if isinstance(value, int | float) else "none"


def _value(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and value.startswith("sha256:"):
        return f"contents {value[7:19]}…"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
