"""Forms of the Inbox about enrollments."""

from django import forms


class EnrollForm(forms.Form):
    """What is asked when an application is enrolled: a name, and what its connector wants to be told."""

    name = forms.CharField(
        label="Name",
        required=False,
        max_length=100,
        help_text="For when you have two of this application. Left empty, it is called as the application.",
    )

    def __init__(self, *args, settings=(), **kwargs):
        super().__init__(*args, **kwargs)
        self.settings = settings
        for position, setting in enumerate(settings):
            self.fields[f"setting_{position}"] = forms.CharField(
                label=setting.label, initial=setting.value, required=False, max_length=2048
            )

    def filled_settings(self, make):
        """The connector's settings with the values that were given."""
        return [
            make(setting, value=self.cleaned_data[f"setting_{position}"])
            for position, setting in enumerate(self.settings)
        ]


class EnrollmentForm(forms.Form):
    """An enrollment's settings that its owners and admins may change."""

    name = forms.CharField(label="Name", required=False, max_length=100)
    cron_settings = forms.CharField(
        label="Schedule",
        required=False,
        max_length=50,
        help_text="Five cron fields, in UTC: “30 2 * * 1-5” is 02:30 on working days. Empty: by hand only.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    sync_schedule_is_active = forms.BooleanField(label="The schedule is on", required=False)
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

    def __init__(self, *args, has_schedule=True, **kwargs):
        super().__init__(*args, **kwargs)
        if not has_schedule:
            del self.fields["cron_settings"], self.fields["sync_schedule_is_active"]
