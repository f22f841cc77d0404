"""What a person says of a history's columns: what can't be, and what of earlier answers still holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slider import strict
from slider.flow.past.meaning import Meaning
from slider.flow.past.sieve import NOBODY
from slider.flow.past.survey import Column
from slider.models import Past

ANSWERS = {"task": "own_task", "model": "own_model", "reading": "reading"}
"""What a question's answer is called in a Meaning."""
PLAIN = ("correct", "answer", "gold", "id", "propensity", "time", "model", "task")


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that can't be; `where` is a JSON pointer into what was said."""

    where: str
    words: str


def troubles(said: Meaning) -> Iterator[Trouble]:
    """What can't be, whatever the file holds."""
    if not said.correct and not (said.answer and said.gold):
        yield Trouble("/correct", "Say which column holds right or wrong, or which two are to be compared.")
    chosen = [signal.column for signal in said.signals.values()]
    if not chosen:
        yield Trouble("/signals", "Say which column tells how sure the worker was.")
    if len(chosen) != len(set(chosen)):
        yield Trouble("/signals", "One column can be one signal only.")
    if said.correct and said.correct in chosen:
        yield Trouble("/correct", "The outcome can't be a signal as well.")


def strangers(said: Meaning, columns: Sequence[Column]) -> Iterator[Trouble]:
    """Columns that are not in the file, or hold no numbers where numbers are wanted."""
    known = {column.name: column for column in columns}
    named = [(f"/{name}", getattr(said, name), name == "propensity") for name in PLAIN]
    named += [(f"/signals/{name}/column", signal.column, True) for name, signal in said.signals.items()]
    named += [(f"/keep/{place}", name, True) for place, name in enumerate(said.keep)]
    meant = {said.correct, *(signal.column for signal in said.signals.values())}
    for where, name, is_number in named:
        if name and name not in known:
            yield Trouble(where, f"There is no column {strict.shown(name)} in the file.")
        elif name and is_number and not known[name].is_numeric:
            yield Trouble(where, f"The column {strict.shown(name)} holds no numbers.")
        elif where.startswith("/keep/") and name in meant:
            yield Trouble(where, f"The column {strict.shown(name)} has a meaning already.")


def merged(said: Meaning, *, before: Meaning) -> Meaning:
    """What was said. An answer that belonged to another column than now is asked for again."""
    said = replace(said, answer="", gold="") if said.correct else replace(said, says="right")
    one, other = ((some.correct, some.says, some.answer, some.gold) for some in (said, before))
    return replace(
        said,
        reading=before.reading if one == other else "",
        own_model=before.own_model if said.model == before.model else "",
        own_task=before.own_task if said.task == before.task else "",
    )


def choices(code: str, past: Past) -> list[tuple[str, str]]:
    """What may be answered to a question, each with its words; nothing where columns are to be named instead."""
    found = past.findings
    if code == "task":
        return [(name, f"{name} ({count:,} rows)") for name, count in found.get("tasks", {}).items()]
    if code == "model":
        models = [(name, f"{name or 'no name'} ({count:,} rows)") for name, count in found.get("models", {}).items()]
        return [*models, (NOBODY, "none of them: begin the ranking by them, prove nothing")]
    return [("straight", "as it stands"), ("flipped", "the other way round")] if code == "reading" else []
