"""The fields that a connector declares, as fields of the Inbox's forms."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import escape

from enrollments import services, sources
from enrollments.models import AppEnrollment
from syncs.connectors.protocol import OFF, ON, Field

# The longest value: a SELECT of many columns.
MOST_CHARACTERS = 50_000


class Switch(forms.BooleanField):
    """A switch, whose values are the texts ON and OFF."""

    def clean(self, value: Any) -> str:
        return ON if super().clean(value) else OFF

    def prepare_value(self, value: Any) -> bool:
        return value in (True, ON, "on")


class KindsField(forms.MultipleChoiceField):
    """The kinds of record to read: a text with commas between them, which is empty for all."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {"required": "Nothing would be read. Choose at least one kind of record."}

    def __init__(self, *, kinds: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(choices=kinds, **kwargs)
        self.kinds = [kind for kind, _ in kinds]

    def prepare_value(self, value: Any) -> Any:
        return (kinds_of(value) or self.kinds) if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        chosen = super().clean(value)
        return "" if len(chosen) == len(self.kinds) else ",".join(chosen)


def kinds_of(text: str) -> list[str]:
    """The kinds that the value of a field names; none for all."""
    return [kind.strip() for kind in text.split(",") if kind.strip()]


def form_field(field: Field) -> forms.Field:
    """A form's field for the value of a connector's field, which is a text."""
    given: dict[str, Any] = {
        "label": field.label,
        "initial": field.default,
        "required": field.is_required,
        "help_text": escape(field.help_text),
    }
    if field.type == "kinds" and field.choices:
        return KindsField(**given | {"required": True}, kinds=_pairs(field))
    if field.type == "switch":
        return Switch(**given | {"required": False})
    if field.choices and field.type == "choice":
        return forms.ChoiceField(choices=_pairs(field), **given)
    plain = {"autocomplete": "off", "spellcheck": "false"}
    widgets = {
        "sql": forms.Textarea(attrs={**plain, "rows": 8, "class": "code"}),
        "json": forms.Textarea(attrs={**plain, "rows": 6, "class": "code"}),
        "lines": forms.Textarea(attrs={**plain, "rows": 4, "class": "code"}),
        "number": forms.TextInput(attrs={**plain, "inputmode": "numeric"}),
    }
    return forms.CharField(
        max_length=MOST_CHARACTERS, widget=widgets.get(field.type, forms.TextInput(attrs=plain)), **given
    )


def settings_in_words(enrollment: AppEnrollment) -> list[tuple[str, str]]:
    """The labels and values of an enrollment's settings, for people."""
    fields = {field.name: field for field in sources.settings_declared_by(enrollment.app)}
    return [
        (setting.custom_field_label, _in_words(fields.get(setting.name), setting.value))
        for setting in services.settings_of(enrollment)
    ]


def _in_words(field: Field | None, value: str) -> str:
    if field is None:
        return value
    labels = {choice.value: choice.label for choice in field.choices}
    if field.type == "kinds":
        return ", ".join(labels.get(kind, kind) for kind in kinds_of(value)) or "All of them"
    if field.type == "switch":
        return "Yes" if value == ON else "No"
    return labels.get(value, value)


def _pairs(field: Field) -> list[tuple[str, str]]:
    pairs = [(choice.value, choice.label) for choice in field.choices]
    is_optional = field.type == "choice" and not field.is_required and not field.default
    return [("", "–"), *pairs] if is_optional and "" not in dict(pairs) else pairs


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
        return any(field.type in ("sql", "json") for field in self.declared_settings)

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
