"""Which items go out, what is told of each, and in which form: a form whose first state can stand in an address."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from slider.models import Format, Lane, Narrowed, State
from slider.queries import exports
from slider.queries.items import Show
from slider.rows.shaped import USUAL

_DAY = {"invalid": "Give a day as 2026-11-28."}
_UNKNOWN = {"invalid_choice": "There is no such choice: take one of the list."}


class ExportForm(forms.Form):
    """Days are UTC, and both of a span are taken in."""

    format = forms.ChoiceField(error_messages=_UNKNOWN)
    state = forms.ChoiceField(required=False, choices=[("", "any state"), *State.choices], error_messages=_UNKNOWN)
    lane = forms.ChoiceField(required=False, choices=[("", "any lane"), *Lane.choices], error_messages=_UNKNOWN)
    begins = forms.CharField(required=False, max_length=255, strip=True)
    came_since = forms.DateField(required=False, error_messages=_DAY)
    came_until = forms.DateField(required=False, error_messages=_DAY)
    done_since = forms.DateField(required=False, error_messages=_DAY)
    done_until = forms.DateField(required=False, error_messages=_DAY)
    parts = forms.MultipleChoiceField(
        required=False,
        choices=[(name, words[0]) for name, words in exports.PART_WORDS.items()],
        error_messages=_UNKNOWN,
    )

    def __init__(self, given: QueryDict | None = None, *, shown: str = "", begins: str = "") -> None:
        """`shown` and `begins` are what a list of items was narrowed to."""
        super().__init__(given, initial={"format": Format.CSV, "parts": USUAL, "begins": begins} | _as_shown(shown))
        fields: dict[str, Any] = self.fields
        fields["format"].choices = exports.formats()

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for span in ("came", "done"):
            since, until = said.get(f"{span}_since"), said.get(f"{span}_until")
            if since and until and since > until:
                self.add_error(f"{span}_until", "It lies before the first day.")
        return said

    @property
    def wanted(self) -> Narrowed:
        """Which items the valid form asks for."""
        said = self.cleaned_data
        return Narrowed(
            state=said["state"],
            lane=said["lane"],
            begins=said["begins"],
            came_since=_begin(said["came_since"]),
            came_until=_end(said["came_until"]),
            done_since=_begin(said["done_since"]),
            done_until=_end(said["done_until"]),
        )

    @property
    def tells(self) -> list[dict[str, Any]]:
        """The parts as the page offers them."""
        chosen = self["parts"].value() or []
        return [
            {"name": name, "label": words[0], "hint": words[1], "chosen": name in chosen}
            for name, words in exports.PART_WORDS.items()
        ]


def _as_shown(show: str) -> dict[str, str]:
    """The same items as a list that is narrowed so."""
    if show == Show.PEOPLE:
        return {"state": State.DONE, "lane": Lane.PEOPLE}
    if show == Show.UNATTENDED:
        return {"lane": Lane.UNATTENDED}
    return {"state": show} if show in State.values else {}


def _begin(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.min, UTC)


def _end(day: date | None) -> datetime | None:
    return None if day is None or day == date.max else _begin(day + timedelta(days=1))
