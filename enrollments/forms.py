"""The Inbox's forms about enrollments and the account."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import escape

from adsplatform.zones import zone_names
from enrollments.field_forms import SettingsForm
from enrollments.services import MAX_EXPECTED_HOURS
from syncs.connectors.protocol import Field


class CredentialsForm(forms.Form):
    """A field for each credential that a connector declares; stored values are never displayed."""

    def __init__(self, *args: Any, declared: Sequence[Field] = (), replaces: bool = False, **kwargs: Any) -> None:
        """`replaces`: credentials exist already; fields left empty do not change them."""
        super().__init__(*args, **kwargs)
        self.declared = declared
        for credential in declared:
            widget = forms.PasswordInput if credential.is_secret else forms.TextInput
            self.fields[f"credential_{credential.name}"] = forms.CharField(
                label=credential.label,
                required=credential.is_required and not replaces,
                max_length=10_000,
                strip=False,
                help_text=escape(credential.help_text),
                widget=widget(attrs={"autocomplete": "new-password" if credential.is_secret else "off"}),
            )

    @property
    def credentials(self) -> dict[str, str]:
        """The submitted values, by the names of `connectorInfo`."""
        filled = {credential.name: self.cleaned_data[f"credential_{credential.name}"] for credential in self.declared}
        return {name: value for name, value in filled.items() if value}


class EnrollForm(SettingsForm, CredentialsForm):
    """The fields for enrolling in an application: a name, the connector's settings, its credentials."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        help_text="For when you have two of this application. Left empty, it is called as the application.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(["name", *(f"setting_{field.name}" for field in self.declared_settings)])

    @property
    def credential_fields(self) -> list[BoundField]:
        return [self[f"credential_{credential.name}"] for credential in self.declared]


class EnrollmentForm(forms.Form):
    """The settings of an enrollment that owners and admins may change."""

    name = forms.CharField(label="Name", required=False, max_length=100)
    cron_settings = forms.CharField(
        label="Schedule",
        required=False,
        max_length=50,
        help_text="Five cron fields: “30 2 * * 1-5” is 02:30 on working days. Empty: by hand only.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    sync_schedule_is_active = forms.BooleanField(label="The schedule is on", required=False)
    expected_every_hours = forms.IntegerField(
        label="Data expected at least every … hours",
        required=False,
        min_value=1,
        max_value=MAX_EXPECTED_HOURS,
        help_text="When nothing was loaded for longer, a notice says so.",
    )
    delete_limit_percent = forms.IntegerField(
        label="Delete limit, in percent",
        min_value=0,
        max_value=100,
        help_text="A full sync that would delete more of a kind of record stops and changes nothing.",
    )
    reject_limit_percent = forms.IntegerField(
        label="Problem limit, in percent",
        min_value=0,
        max_value=100,
        help_text="A sync fails and changes nothing if more of its lines cannot be loaded.",
    )

    def __init__(self, *args: Any, has_schedule: bool = True, time_zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_schedule:
            self.fields["cron_settings"].help_text += f" Read on the clocks of {time_zone}, the account's time zone."
            self.fields["expected_every_hours"].help_text += " Empty: as the schedule says."
        else:
            del self.fields["cron_settings"], self.fields["sync_schedule_is_active"]


class AccountForm(forms.Form):
    """The settings of an account that owners and admins may change."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=lambda: [(name, name.replace("_", " ")) for name in zone_names()],
        help_text="Schedules are read on the clocks of this zone, with their changes to summer time and back.",
    )
