"""Rejected lines of files that were read by an import profile: checked in the file's own columns."""

from collections.abc import Mapping
from uuid import UUID

from adsplatform.errors import PlatformError
from adsplatform.records.checks import as_text
from adsplatform.records.specification import entities
from syncs.connectors.protocol import Columns, ConnectorError, FileHeader, RowProblem, Rows
from syncs.import_profiles.layout import layout_of
from syncs.import_profiles.profile import ImportProfile
from syncs.import_profiles.translation import Translator
from syncs.loading.staging.header_mapping import check_line
from syncs.models import ImportProfileVersion
from syncs.rejected_rows.reader import RejectedRow


def profile_of(line: RejectedRow) -> ImportProfile | None:
    """The profile by which a line was read, if by one; raises PlatformError if the line cannot be corrected alone."""
    if line.profile is None:
        return None
    profile = ImportProfileVersion.objects.get(pk=line.profile).profile
    if profile.joins_lines:
        raise PlatformError(
            f"The lines of “{line.file}” belong together in records or groups of several lines, so a line of it cannot "
            "be corrected alone. Correct it in the file, then upload the file again."
        )
    return profile


def check_profiled_line(
    profile: ImportProfile, line: RejectedRow, values: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """(column, code, sentence) for every problem of a corrected line by itself, by the checks of a sync."""
    identifier = str(line.profile or UUID(int=0))
    header = FileHeader(line.entity, line.file, [*values], "", layout=layout_of(profile, identifier), only=line.entity)
    rows = Rows(line.entity, line.file, [*values], [[*values.values()]], [line.line], [line.raw])
    found: list[tuple[str, str, str]] = []
    try:
        for item in Translator({identifier: profile}).items([header, rows]):
            if isinstance(item, RowProblem) and item.kind == "error":
                found.append((item.column, item.code, item.message))
            elif isinstance(item, Rows | Columns):
                found += _problems_of(item)
    except ConnectorError as contradicted:
        found.append(("", contradicted.code, str(contradicted)))
    return found


def _problems_of(block: Rows | Columns) -> list[tuple[str, str, str]]:
    """The problems of the record that the line becomes, under the file's own columns."""
    cells = [column[0] for column in block.cells] if isinstance(block, Columns) else block.cells[0]
    own = {wire: origin or wire for wire, origin in zip(block.columns, block.origins, strict=True)}
    values = {wire: as_text(cell) for wire, cell in zip(block.columns, cells, strict=True)}
    return [
        (own.get(column, column), code, message.replace(column, own.get(column, column), 1))
        for column, code, message in check_line(entities()[block.name], values)
    ]
