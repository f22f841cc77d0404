"""The forms of a history: what each column means, and the answers to what only a person can say."""

from collections.abc import Mapping
from typing import Any

from django import forms

from slider.engine import evidence
from slider.flow.past import saying
from slider.flow.past.meaning import WAYS, Meaning, Signal
from slider.flow.past.survey import Column, read_as
from slider.models import Past

_NONE = ("", "none")
_SAID = {
    "token_logodds": "Certainty of the whole answer",
    "weakest_token": "Certainty of its weakest token",
    "agreement": "Agreement among samples",
    "stated": "Confidence it states",
    "familiar": "How usual the item is",
}


class ColumnsForm(forms.Form):
    """Which column is what. Every choice is a column of the file, or none."""

    correct = forms.ChoiceField(label="Right or wrong", required=False)
    says = forms.ChoiceField(
        label="A 1, yes or true there means", choices=[("right", "right"), ("wrong", "wrong")], required=False
    )
    answer = forms.ChoiceField(label="Or: the answer", required=False)
    gold = forms.ChoiceField(
        label="and the truth to compare it with", required=False, help_text="Right is where the two are the same."
    )
    id = forms.ChoiceField(label="Id", required=False, help_text="An id counts once.")
    propensity = forms.ChoiceField(
        label="Chance of having been looked at", required=False, help_text="None: every item was."
    )
    time = forms.ChoiceField(label="Time", required=False)
    model = forms.ChoiceField(label="Model or worker", required=False)
    task = forms.ChoiceField(label="Task", required=False)
    keep = forms.MultipleChoiceField(
        label="Keep as further signals",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="They are stored with the rows and have no say yet: live answers don't bring them.",
    )

    def __init__(self, past: Past, sent: Mapping[str, Any] | None = None) -> None:
        self.columns = [Column.from_json(column) for column in past.columns]
        self.before = Meaning.from_json(past.answers)
        super().__init__(sent, initial=_initial(self.before))
        names = [(column.name, column.name[:60]) for column in self.columns]
        numbers = [(column.name, column.name[:60]) for column in self.columns if column.is_numeric]
        for name in ("correct", "answer", "gold", "id", "time", "model", "task"):
            self._choices(name, [_NONE, *names])
        self._choices("propensity", [_NONE, *numbers])
        meant = {signal.column for signal in self.before.signals.values()} | {self.before.correct}
        self._choices("keep", [(name, shown) for name, shown in numbers if name not in meant])
        for signal in evidence.SIGNALS:
            self.fields[f"signal_{signal}"] = forms.ChoiceField(
                label=_SAID.get(signal, signal), choices=[_NONE, *numbers], required=False
            )
            self.fields[f"way_{signal}"] = forms.ChoiceField(
                label=f"{_SAID.get(signal, signal)}: its numbers are", choices=list(WAYS.items()), required=False
            )

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        found = self.fields[name]
        assert isinstance(found, forms.ChoiceField)
        found.choices = choices

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each signal's column beside the way its numbers are meant."""
        return [(self[f"signal_{name}"], self[f"way_{name}"]) for name in evidence.SIGNALS]

    @property
    def outcome(self) -> list[forms.BoundField]:
        return [self[name] for name in ("correct", "says", "answer", "gold")]

    @property
    def others(self) -> list[forms.BoundField]:
        return [self[name] for name in ("id", "propensity", "time", "model", "task")]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        chosen = {name: said.get(f"signal_{name}") for name in evidence.SIGNALS}
        meant = Meaning(
            correct=said.get("correct") or "",
            answer=said.get("answer") or "",
            gold=said.get("gold") or "",
            signals={name: Signal(column, "logodds") for name, column in chosen.items() if column},
        )
        for one in saying.troubles(meant):
            self.add_error("correct" if one.where == "/correct" else "signal_" + evidence.SIGNALS[0], one.words)
        return said

    def meaning(self) -> Meaning:
        """What was said. An answer that belonged to another column than now is asked for again."""
        said = self.cleaned_data
        meant = Meaning(
            **{name: said[name] for name in saying.PLAIN},
            says=said["says"] or "right",
            signals={name: signal for name in evidence.SIGNALS if (signal := self._signal(name)) is not None},
            keep=tuple(said["keep"]),
        )
        return saying.merged(meant, before=self.before)

    def _signal(self, name: str) -> Signal | None:
        column = self.cleaned_data[f"signal_{name}"]
        if not column:
            return None
        was = self.before.signals.get(name)
        way = self.cleaned_data[f"way_{name}"]
        if was is None and way == next(iter(WAYS)):
            # The first way in the list was hardly chosen: what the column holds says more.
            way = read_as(next(one for one in self.columns if one.name == column))
        return Signal(column, way or "logodds")


def _initial(said: Meaning) -> dict[str, Any]:
    plain = ("correct", "says", "answer", "gold", "id", "propensity", "time", "model", "task")
    found: dict[str, Any] = {name: getattr(said, name) for name in plain} | {"keep": list(said.keep)}
    for name, signal in said.signals.items():
        found |= {f"signal_{name}": signal.column, f"way_{name}": signal.way}
    return found


class AnswersForm(forms.Form):
    """The answers to the questions that are open; one radio button each."""

    own_task = forms.ChoiceField(label="Which task's rows are these?", widget=forms.RadioSelect)
    own_model = forms.ChoiceField(label="Whose rows are the worker's?", widget=forms.RadioSelect)
    reading = forms.ChoiceField(label="Which reading is true?", widget=forms.RadioSelect)

    def __init__(self, past: Past, sent: Mapping[str, Any] | None = None) -> None:
        super().__init__(sent, auto_id="answer_%s")
        asked = past.findings.get("questions", [])
        for question, name in saying.ANSWERS.items():
            if question not in asked:
                del self.fields[name]
            self.fill(name, saying.choices(question, past))

    def fill(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Give a question its choices, if it is asked."""
        found = self.fields.get(name)
        if isinstance(found, forms.ChoiceField):
            found.choices = choices
            found.error_messages["required"] = "Choose one: nothing is kept before it is answered."
