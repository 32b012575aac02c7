"""The problems of a sync, each with the correction of its line."""

from collections.abc import Iterable
from dataclasses import dataclass

from adsplatform.accounts.models import with_people
from adsplatform.records.specification import entities
from syncs.models import SyncRequest, SyncResultDetail
from syncs.models.corrections import Correction
from syncs.rejected_rows.reader import rejected_place


@dataclass(frozen=True, slots=True)
class ProblemWithCorrection:
    """A problem of a sync, and the correction of its line if there is one.

    `is_correctable` says whether it is about a rejected row of a known kind of record. `still_missing` is what the
    corrected line refers to that is not loaded yet; None where it was not looked up.
    """

    detail: SyncResultDetail
    correction: Correction | None = None
    is_correctable: bool = False
    # Whether the problem before it is about the same line.
    is_same_line: bool = False
    still_missing: list[dict[str, str]] | None = None


def with_corrections(sync_request: SyncRequest, details: Iterable[SyncResultDetail]) -> list[ProblemWithCorrection]:
    """The problems of one sync with the corrections of their lines, by one query."""
    details = list(details)
    places = [rejected_place(detail) if detail.entity in entities() else None for detail in details]
    wanted = set(filter(None, places))
    corrections = {}
    if wanted:
        found = with_people(Correction.objects.of_lines(sync_request, wanted).select_related("replay"), "corrected_by")
        corrections = {correction.place: correction for correction in found}
    return [
        ProblemWithCorrection(detail, corrections.get(place), True, place == before)
        if place
        else ProblemWithCorrection(detail)
        for detail, place, before in zip(details, places, [None, *places], strict=False)
    ]
