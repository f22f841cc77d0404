"""The form of a task's privacy: what stays here, what is masked, what is looked for, and when contents go."""

from typing import Any

from django import forms

from slider import redaction
from slider.models import Task, fitting
from slider.redaction import DETECTORS, NONE, Rules, RulesError

LOOKED_FOR = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "iban": "IBANs, by their check digits",
    "card": "card numbers, by their check digit",
}
_ROWS = {"rows": 4, "spellcheck": "false", "autocomplete": "off", "class": "mono"}


class PrivacyForm(forms.Form):
    """One line a field or pattern; what is wrong is said at its box, with the line."""

    left_out = forms.CharField(
        label="Never sent",
        required=False,
        strip=False,
        widget=forms.Textarea(_ROWS),
        help_text="Fields that a model does not get to see at all, one a line, such as /customer/birthday.",
    )
    masked = forms.CharField(
        label="Masked",
        required=False,
        strip=False,
        widget=forms.Textarea(_ROWS),
        help_text="Fields of which a model sees [FIELD_1], and their texts wherever else they stand. "
        "/lines/*/name means each of a list. Of an object that is named whole the members' names are masked, too.",
    )
    detect = forms.MultipleChoiceField(
        label="Masked wherever they stand",
        required=False,
        choices=[(name, LOOKED_FOR[name]) for name in DETECTORS],
        widget=forms.CheckboxSelectMultiple,
    )
    patterns = forms.CharField(
        label="Patterns of your own",
        required=False,
        strip=False,
        widget=forms.Textarea(_ROWS),
        help_text=r"A name, a blank and a pattern in RE2's syntax, one a line, such as CUSTOMER \bC-\d{6}\b.",
    )
    contents_days = forms.IntegerField(
        label="Delete contents after",
        required=False,
        min_value=1,
        max_value=3650,
        widget=forms.NumberInput({"inputmode": "numeric"}),
        help_text="Days after an item has ended. Empty: never.",
        error_messages={
            "min_value": "One day is the shortest; leave it empty to keep contents for good.",
            "max_value": "3,650 days are the longest; leave it empty to keep contents for good.",
            "invalid": "Write a whole number of days.",
        },
    )

    def __init__(self, *given: Any, task: Task, **named: Any) -> None:
        super().__init__(*given, **named)
        self._task = task
        self.rules = NONE

    def clean(self) -> dict[str, Any]:
        lines = {name: _lines(self.cleaned_data.get(name, "")) for name in ("left_out", "masked", "patterns")}
        patterns = [dict(zip(("name", "pattern"), _parted(text), strict=True)) for _, text in lines["patterns"]]
        said: dict[str, Any] = {name: [text for _, text in lines[name]] for name in ("left_out", "masked")}
        said |= {"detect": self.cleaned_data.get("detect", []), "patterns": patterns}
        try:
            self.rules = redaction.read(said)
        except RulesError as error:
            _, field, *place = [*error.where.split("/"), ""]
            number = lines[field][int(place[0])][0] if place[0].isdigit() else 0
            self.add_error(field, f"Line {number}: {error.message}." if number else f"{error.message}.")
            return self.cleaned_data
        for field in ("left_out", "masked"):
            for number, pointer in lines[field]:
                if words := fitting.nowhere(pointer, self._task.input_schema):
                    self.add_error(field, f"Line {number}: {words}")
        return self.cleaned_data

    @staticmethod
    def of(task: Task) -> dict[str, Any]:
        """The initial values that show a task as it is."""
        rules: Rules = redaction.read(task.redaction)
        return {
            "left_out": "\n".join(rules.left_out),
            "masked": "\n".join(rules.masked),
            "detect": list(rules.detect),
            "patterns": "\n".join(f"{one.name} {one.pattern}" for one in rules.patterns),
            "contents_days": task.contents_days,
        }


def _lines(text: str) -> list[tuple[int, str]]:
    """The lines that say something, with their numbers."""
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _parted(line: str) -> tuple[str, str]:
    name, _, pattern = line.partition(" ")
    return name, pattern.strip()
