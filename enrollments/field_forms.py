"""The fields that a connector declares, as fields of the Inbox's forms."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import escape

from syncs.connectors.protocol import OFF, ON, Field

# The longest value: a SELECT of many columns.
MOST_CHARACTERS = 50_000


class Switch(forms.BooleanField):
    """A switch, whose values are the texts ON and OFF."""

    def clean(self, value: Any) -> str:
        return ON if super().clean(value) else OFF

    def prepare_value(self, value: Any) -> bool:
        return value in (True, ON, "on")


def form_field(field: Field) -> forms.Field:
    """A form's field for the value of a connector's field, which is a text."""
    given: dict[str, Any] = {
        "label": field.label,
        "initial": field.default,
        "required": field.is_required,
        "help_text": escape(field.help_text),
    }
    if field.type == "switch":
        return Switch(**given | {"required": False})
    if field.choices and field.type == "choice":
        return forms.ChoiceField(choices=[(choice.value, choice.label) for choice in field.choices], **given)
    plain = {"autocomplete": "off", "spellcheck": "false"}
    widgets = {
        "sql": forms.Textarea(attrs={**plain, "rows": 8, "class": "code"}),
        "number": forms.TextInput(attrs={**plain, "inputmode": "numeric"}),
    }
    return forms.CharField(
        max_length=MOST_CHARACTERS, widget=widgets.get(field.type, forms.TextInput(attrs=plain)), **given
    )


class SettingsForm(forms.Form):
    """The settings of a connector, under the headings that it declares."""

    def __init__(self, *args: Any, settings: Sequence[Field] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared_settings = settings
        for field in settings:
            self.fields[f"setting_{field.name}"] = form_field(field)

    @property
    def is_wide(self) -> bool:
        """Whether a field takes more than a few words."""
        return any(field.type == "sql" for field in self.declared_settings)

    @property
    def settings(self) -> dict[str, str]:
        """The values, by the names of the connector's fields."""
        return {field.name: self.cleaned_data[f"setting_{field.name}"] for field in self.declared_settings}

    def groups(self) -> list[tuple[str, list[tuple[Field, BoundField]]]]:
        """The fields under their headings."""
        return [
            (heading, [(field, self[f"setting_{field.name}"]) for field in fields])
            for heading, fields in groupby(self.declared_settings, key=lambda field: field.group)
        ]
