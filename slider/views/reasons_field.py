"""A task's reason chips as people write them: one a line, a code and the words that stand on the chip."""

from typing import Any

from django import forms
from django.utils.text import slugify

from slider.models import reasons
from slider.views.settings_form import SettingsForm, Stored, setting


class ReasonsField(forms.CharField):
    """`wrong: Wrong value`, one a line; a line without a code gets one made of its words."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false"})

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        lines = [line.strip() for line in str(super().clean(value) or "").splitlines() if line.strip()]
        found = [_read(line) for line in lines]
        reasons.check(found)
        return found

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{one['code']}: {one['words']}" for one in value)


def _read(line: str) -> dict[str, str]:
    code, colon, words = line.partition(":")
    if not colon:
        return {"code": slugify(line)[:40], "words": line}
    return {"code": code.strip(), "words": " ".join(words.split())}


_PICTURES = Stored("pictures", lambda load: "yes" if load else "no", lambda said: said == "yes")


class ReasonsForm(SettingsForm):
    """What reviewers may say is wrong with an answer of this task, and what they may load."""

    reasons = setting(
        Stored("reasons"),
        ReasonsField(
            label="Reasons",
            required=False,
            help_text=(
                "What may be wrong with an answer: 1 to 9, one a line, such as invented: Invented fact. "
                "The code before the colon goes out with rejected results; keep it when you change the words."
            ),
        ),
    )
    pictures = setting(
        _PICTURES,
        forms.ChoiceField(
            label="Pictures that a text names by their address",
            required=False,
            choices=[("no", "shown as links"), ("yes", "a reviewer may load them, item by item")],
            help_text="Whoever keeps such a picture sees that somebody looks, from where and when.",
        ),
    )
