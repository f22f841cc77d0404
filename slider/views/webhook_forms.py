"""The forms about receivers: a new one, its settings, its secret, and what is sent to it again."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from slider.flow import endpoints
from slider.models import Endpoint
from slider.models.endpoint import WANTABLE, usual
from slider.models.replayable import NEEDS_SINCE, Which

_EVENTS = [(one.value, f"{one.value}: {one.label}") for one in WANTABLE]


class ReceiverForm(forms.Form):
    """Where events go, and which."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        help_text="Events are sent there by POST, signed. It begins with https://.",
        error_messages={"required": "Give the address that events are sent to."},
    )
    description = forms.CharField(
        max_length=120, required=False, help_text="What is there, so that others know it again."
    )
    events = forms.MultipleChoiceField(
        label="Events",
        choices=_EVENTS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event."},
    )

    @classmethod
    def of(cls, endpoint: Endpoint) -> "ReceiverForm":
        return cls(initial={"url": endpoint.url, "description": endpoint.description, "events": list(endpoint.events)})

    def blame(self, error: endpoints.Unfit) -> None:
        """Put what was refused at the field that it is about."""
        words = str(error)
        field = error.where if error.where in self.fields else None
        self.add_error(field, ValidationError(f"{words[:1].upper()}{words[1:]}."))


class NewReceiverForm(ReceiverForm):
    """A new receiver, which may have a secret already."""

    secret = forms.CharField(
        label="A secret of your own",
        max_length=120,
        required=False,
        help_text="whsec_ and base64 of 24 to 64 bytes. Empty: one is made and shown once.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **({"initial": {"events": usual()}} | more))


class SecretForm(forms.Form):
    """A new secret."""

    overlap_h = forms.IntegerField(
        label="The old secret signs beside it for",
        min_value=0,
        max_value=endpoints.MOST_OVERLAP_H,
        initial=endpoints.USUAL_OVERLAP_H,
        help_text="Hours. 0 where the old one has leaked.",
    )
    secret = NewReceiverForm.base_fields["secret"]

    def blame(self, error: endpoints.Unfit) -> None:
        words = str(error)
        field = error.where if error.where in self.fields else None
        self.add_error(field, ValidationError(f"{words[:1].upper()}{words[1:]}."))


class ReplayForm(forms.Form):
    """What would be sent again."""

    which = forms.ChoiceField(
        label="What", choices=[(one.value, one.label.capitalize()) for one in Which], initial=Which.DEAD
    )
    event = forms.ChoiceField(
        choices=[("", "All events"), *[(one.value, one.value) for one in WANTABLE]], required=False
    )
    since = forms.DateTimeField(
        label="Since",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="UTC. What was delivered or missed needs it.",
    )

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("which") in NEEDS_SINCE and "since" in said and said["since"] is None:
            self.add_error("since", "Say since when: all that there ever was is too much to send again.")
        return said
