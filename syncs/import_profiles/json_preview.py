"""The lines of a JSON file as they stand, and how many of them delete their record."""

import json

from syncs.import_profiles.file_readers import shown_lines
from syncs.import_profiles.inspected import Preview
from syncs.import_profiles.preview import DELETE, MATCH_ACTION
from syncs.import_profiles.sampling import SampleBytes, decode_parts


def preview_of_json(sample: SampleBytes) -> Preview:
    """The preview of JSON lines, of a large file by parts of it."""
    texts = decode_parts(sample, "utf-8-sig")
    first, last = shown_lines(texts, is_whole=sample.is_whole)
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    return Preview(first_lines=first, last_lines=last, lines=len(lines), deletes=sum(map(_deletes, lines)))


def _deletes(line: str) -> bool:
    """Whether a line says that its record is deleted. One that is no object says nothing."""
    # Most lines say nothing of the kind, and decoding takes time.
    if MATCH_ACTION.lower() not in line.lower():
        return False
    try:
        found = json.loads(line, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    if not isinstance(found, dict):
        return False
    actions = (value for name, value in found.items() if name.strip().lower() == MATCH_ACTION.lower())
    return any(isinstance(action, str) and action.strip() == DELETE for action in actions)
