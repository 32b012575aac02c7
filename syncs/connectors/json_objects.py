"""JSON objects become blocks of rows: the columns of a block are the members of its objects together."""

from operator import itemgetter

from syncs.rows import ABSENT, BLOCK_BYTES, BLOCK_ROWS, RowProblem, Rows

MAX_COLUMNS = 1_000
MAX_DEPTH = 100
TOO_DEEP = "The object is nested too deeply to be read. Write a flat object: one value for each name."


class ObjectBlocks:
    """Collects the objects of one list or file; hands out a block whenever one is full.

    Member names are matched without regard to case, as the API does; a block keeps the first spelling it met.
    """

    def __init__(self, name: str, file: str):
        self.name, self.file = name, file
        self._begin()

    def _begin(self):
        self.columns: dict[str, None] = {}
        self.spellings: dict[str, str] = {}
        self.objects, self.lines, self.raw, self.size = [], [], [], 0

    def add(self, found, line: int, raw: str) -> list[Rows | RowProblem]:
        """Take up what stands on a line; returns what is finished by that, mostly nothing."""
        if type(found) is list and len(found) == 1:  # as the Ruby client wraps an object
            found = found[0]
        if type(found) is not dict:
            return [self.problem(line, "bad_json", _not_an_object(found), raw)]
        if raw.count("{") + raw.count("[") > MAX_DEPTH and _is_deep(found):
            return [self.problem(line, "bad_json", TOO_DEEP, raw)]
        finished = []
        if not found.keys() <= self.columns.keys():
            if len(self.columns) + len(found) > MAX_COLUMNS and self.objects:
                finished = self.rest()
            found, doubled = self._spelled(found)
            if doubled:
                return [*finished, self.duplicate(line, doubled, raw)]
        self.objects.append(found)
        self.lines.append(line)
        self.raw.append(raw)
        self.size += len(raw)
        if len(self.objects) >= BLOCK_ROWS or self.size >= BLOCK_BYTES:
            finished += self.rest()
        return finished

    def rest(self) -> list[Rows]:
        """What has been collected since the last full block."""
        if not self.objects:
            return []
        block = Rows(self.name, self.file, list(self.columns), self._cells(), self.lines, self.raw)
        self._begin()
        return [block]

    def problem(self, line: int | None, code: str, message: str, raw: str = "", column: str = "") -> RowProblem:
        return RowProblem(self.name, self.file, line, code, message, column=column, raw=raw)

    def duplicate(self, line: int, member: str, raw: str) -> RowProblem:
        return self.problem(
            line,
            "duplicate_member",
            f"The member “{member}” stands in the object more than once. Keep one of them.",
            raw,
            column=member,
        )

    def _spelled(self, found: dict) -> tuple[dict, str]:
        """The object under the block's spellings, and a member that it has twice."""
        spelled = {}
        for member, value in found.items():
            spelling = self.spellings.setdefault(member.casefold(), member)
            if spelling in spelled:
                return {}, member
            spelled[spelling] = value
        self.columns.update(dict.fromkeys(spelled))
        return spelled, ""

    def _cells(self) -> list:
        columns = list(self.columns)
        if len(columns) < 2:
            return [[found.get(column, ABSENT) for column in columns] for found in self.objects]
        pick = itemgetter(*columns)
        return [
            pick(found) if len(found) == len(columns) else [found.get(column, ABSENT) for column in columns]
            for found in self.objects
        ]


def _is_deep(found) -> bool:
    """Whether the object holds others deeper than can safely be written as text again."""
    level = [found]
    for _ in range(MAX_DEPTH):
        inner = (value for outer in level for value in (outer.values() if type(outer) is dict else outer))
        level = [value for value in inner if type(value) in (dict, list)]
        if not level:
            return False
    return True


def _not_an_object(found) -> str:
    kinds = {
        str: "a text or a number",
        bool: "true or false",
        int: "a number",
        list: "a list",
        type(None): "null",
    }
    return (
        f"Here stands {kinds.get(type(found), 'something else')}, not an object. "
        'Write an object, like {"erpKey": "I1"}.'
    )
