"""The upload form."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django import forms
from django.template.defaultfilters import filesizeformat

from adsplatform.accounts.models import Account
from enrollments.models import AppEnrollment
from syncs.models import ResumableUpload
from syncs.services.resumable_uploads import abandon, content_of


class UploadForm(forms.Form):
    """A file to load, the enrollment to load it into, and what it may delete."""

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
        help_text=(
            "Records that are not in it are deleted. Leave this off to add and change only. (A file of balances of "
            "financial accounts always holds all of them; those that are not in it are deleted either way.)"
        ),
    )
    delete_on_match = forms.BooleanField(
        label="Lines may delete records",
        required=False,
        help_text=(
            "A line with 2 in the column onMatchAction deletes its record. Leave this off if you do not expect any: "
            "such a line is then rejected. A preview shows how many records would be deleted."
        ),
    )

    # The id of a file that the page's script has sent in parts.
    parts = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        account: Account,
        may_administer: bool,
        too_large: str = "",
        refused: str = "",
        limit: int = 0,
        **kwargs: Any,
    ) -> None:
        """`too_large` is the name of the file if it had more than `limit` bytes, else "".

        `refused` says why none was taken, if that has another reason.
        """
        super().__init__(*args, **kwargs)
        if not may_administer:
            del self.fields["delete_on_match"]
        self.account, self.too_large, self.limit, self.refused = account, too_large, limit, refused
        # What arrived in parts before, in place of a file in the form.
        self.arrived: ResumableUpload | None = None
        enrollments = AppEnrollment.objects.of(account).current().filter(is_active=True, is_uploads=False)
        self.fields["enrollment"] = forms.ModelChoiceField(
            label="Load into",
            queryset=enrollments.select_related("app").order_by("name", "app__name"),
            required=False,
            empty_label="Uploads",
            help_text="Records are matched by their key within one enrollment.",
        )
        # Before the file: a browser sends fields in this order, and those after a file that is cut off are lost.
        self.order_fields(["enrollment", "file", "full", "delete_on_match"])

    def clean(self) -> dict[str, Any]:
        if self.too_large:
            self.errors.pop("file", None)
            self.add_error(
                "file",
                f"The file “{self.too_large}” is larger than the {filesizeformat(self.limit)} "
                f"({self.limit:,} bytes) that may be uploaded at once. Send it in parts.",
            )
        elif self.refused:
            self.errors.pop("file", None)
            self.add_error("file", self.refused)
        elif id := self.cleaned_data.get("parts"):
            self._take_parts(id)
        return self.cleaned_data

    def _take_parts(self, id: UUID) -> None:
        self.errors.pop("file", None)
        arrived = ResumableUpload.objects.of(self.account).filter(pk=id, sync_request=None).first()
        if arrived is None or not arrived.is_complete:
            self.add_error("file", "Not all of the file has arrived. Choose it again, then upload it.")
            return
        self.arrived, self.cleaned_data["file"] = arrived, content_of(arrived)

    def remove_parts(self) -> None:
        """Remove the parts that have become an upload; what cannot be removed now is removed by retention."""
        if self.arrived:
            with suppress(OSError):
                abandon(self.arrived)
