"""A setting of a task said once: its field, the attribute that holds it, how one becomes the other, and its row."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django import forms
from django.forms import BoundField

from slider.models import Task

Field = TypeVar("Field", bound=forms.Field)


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Stored:
    """Where a task holds what a field says. `shown` makes the form's value of the task's, `kept` the task's of it."""

    attribute: str
    shown: Callable[[Any], Any] = _same
    kept: Callable[[Any], Any] = _same
    may_be_empty: bool = False  # else an empty field leaves the task as it is
    row: str = ""  # fields of one row stand beside each other on the page


def number(value: float | None) -> str:
    """A number as people write it; nothing for none."""
    return "" if value is None else f"{value:g}"


def percent(attribute: str, *, row: str) -> Stored:
    """A share of 0 to 1, which people read and write in percent."""
    return Stored(attribute, lambda share: number(share * 100), lambda said: said / 100, row=row)


def setting(stored: Stored, field: Field) -> Field:
    """A field of a form that is a setting of a task."""
    field.stored = stored  # type: ignore[attr-defined]  # copies of a field take it along
    return field


class SettingsForm(forms.Form):
    """A form whose fields are settings of a task."""

    base_fields: ClassVar[dict[str, forms.Field]]

    def fill(self, task: Task) -> None:
        """Put the cleaned values on a task. A page that doesn't show a field doesn't change it."""
        for name, stored in _settings(self.fields):
            if self.fields[name].widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name)):
                continue
            said = self.cleaned_data[name]
            if stored.may_be_empty or said not in (None, ""):
                setattr(task, stored.attribute, stored.kept(said))

    @classmethod
    def of(cls, task: Task) -> dict[str, Any]:
        """The initial values that show a task as it is."""
        return {name: stored.shown(getattr(task, stored.attribute)) for name, stored in _settings(cls.base_fields)}

    @property
    def rows(self) -> dict[str, list[BoundField]]:
        """The fields by the row they stand in, as the page draws them."""
        found: dict[str, list[BoundField]] = {}
        for name, stored in _settings(self.fields):
            found.setdefault(stored.row, []).append(self[name])
        return found

    @classmethod
    def attributes(cls) -> dict[str, str]:
        """The task's attribute that each field is stored in."""
        return {name: stored.attribute for name, stored in _settings(cls.base_fields)}


def _settings(fields: Mapping[str, forms.Field]) -> Iterator[tuple[str, Stored]]:
    for name, field in fields.items():
        if isinstance(stored := getattr(field, "stored", None), Stored):
            yield name, stored
