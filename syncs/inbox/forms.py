"""The upload form."""

from typing import Any

from django import forms
from django.template.defaultfilters import filesizeformat

from adsplatform.accounts.models import Account
from enrollments.models import AppEnrollment


class UploadForm(forms.Form):
    """A file to load, the enrollment to load it into, and whether it is the complete data set."""

    file = forms.FileField(
        label="File",
        help_text="A ZIP with CSV, JSONL or Excel (XLSX) files, or one such file.",
        widget=forms.FileInput(attrs={"accept": ".zip,.csv,.txt,.tsv,.jsonl,.ndjson,.json,.xlsx,.xlsm"}),
        error_messages={
            "required": "Choose a file to upload.",
            "missing": "Choose a file to upload.",
            "empty": "This file is empty. Choose a file with data in it.",
        },
    )
    full = forms.BooleanField(
        label="This is the complete data set",
        required=False,
        help_text="Records that are not in it are deleted. Leave this off to add and change only.",
    )

    def __init__(self, *args: Any, account: Account, too_large: str = "", limit: int = 0, **kwargs: Any) -> None:
        """`too_large` is the name of the file if it had more than `limit` bytes, else ""."""
        super().__init__(*args, **kwargs)
        self.too_large, self.limit = too_large, limit
        enrollments = AppEnrollment.objects.of(account).current().filter(is_active=True, is_uploads=False)
        self.fields["enrollment"] = forms.ModelChoiceField(
            label="Load into",
            queryset=enrollments.select_related("app").order_by("name", "app__name"),
            required=False,
            empty_label="Uploads",
            help_text="Records are matched by their key within one enrollment.",
        )
        # Before the file: a browser sends fields in this order, and those after a file that is cut off are lost.
        self.order_fields(["enrollment", "file", "full"])

    def clean(self) -> dict[str, Any]:
        if self.too_large:
            self.errors.pop("file", None)
            self.add_error(
                "file",
                f"The file “{self.too_large}” is larger than the {filesizeformat(self.limit)} "
                f"({self.limit:,} bytes) that may be uploaded at once. Send it in parts.",
            )
        return self.cleaned_data
