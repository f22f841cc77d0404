"""What of the log is wanted: a form that stands in the address, so that a page can be sent to somebody."""

from datetime import date
from typing import Any

from django import forms
from django.http import QueryDict

from slider.models import Kind, Project, Task
from slider.queries import log
from slider.queries.log import Filter


class FilterForm(forms.Form):
    """Kind, person, task, and the days from and to, both taken in."""

    kind = forms.ChoiceField(required=False)
    by = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    task = forms.TypedChoiceField(required=False, coerce=int, empty_value=None)
    since = forms.DateField(required=False, error_messages={"invalid": "Give a day as 2026-11-28."})
    until = forms.DateField(required=False, error_messages={"invalid": "Give a day as 2026-11-28."})

    def __init__(self, given: QueryDict, *, project: Project | None) -> None:
        super().__init__(given)
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = [("", "everything"), *Kind.choices]
        fields["by"].choices = [("", "anybody"), *log.people(project)]
        tasks = Task.objects.filter(project=project).order_by("name") if project is not None else Task.objects.none()
        fields["task"].choices = [("", "all tasks"), *tasks.values_list("pk", "name")]
        unknown = {"invalid_choice": "There is no such choice: take one of the list."}
        for name in ("kind", "by", "task"):
            fields[name].error_messages |= unknown

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        since, until = said.get("since"), said.get("until")
        if since and until and since > until:
            self.add_error("until", "It lies before the first day.")
        return said

    @property
    def wanted(self) -> Filter:
        """What the valid form asks for."""
        said = self.cleaned_data
        until: date | None = said["until"]
        return Filter(
            kind=said["kind"],
            by=said["by"],
            task_id=said["task"],
            since=log.begin(said["since"]) if said["since"] else None,
            until=log.end(until) if until else None,
        )

    @property
    def is_narrowed(self) -> bool:
        return any(self.cleaned_data.values())
