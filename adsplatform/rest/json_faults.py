"""Faults of large JSON bodies: where they are, and halves of characters, which must not spoil the rest."""

import mmap
import re

import msgspec

from adsplatform.errors import PlatformError

# Up to this many bytes before a fault are searched for the record that it is in.
SEARCHED = 4 * 1024**2
NEAR = 20

_HIGH, _LOW = rb"\\u[dD][89abAB][0-9a-fA-F]{2}", rb"\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_ESCAPE = re.compile(rb"(?P<pair>%b%b)|(?P<half>%b|%b)|\\." % (_HIGH, _LOW, _HIGH, _LOW), re.DOTALL)
# A text that is not closed goes on to the end; otherwise each quotation mark in it would be tried as a beginning.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
_PLACE = re.compile(r"^(?:JSON is malformed: )?(.*) \(byte (\d+)\)$")


def replace_halves(body: mmap.mmap) -> bool:
    """Put U+FFFD in place of each half of a character, without a change of length; returns whether there was any.

    A text may have been cut in the middle of an emoji, which JSON writes as two halves.
    """
    halves = [found.start() for found in _ESCAPE.finditer(body) if found.lastgroup == "half"]
    for start in halves:
        body[start : start + 6] = b"\\ufffd"
    return bool(halves)


def json_fault(body: mmap.mmap, error: msgspec.DecodeError) -> PlatformError:
    """The error for a body that is not JSON: its place by line and column, and the record that it is in."""
    place = _PLACE.match(str(error))
    if place is None:
        record = _record_at(body, len(body))
        return PlatformError(
            f"The body is not valid JSON: it ends{record.lstrip(',') or ' too early'}. Send all of it."
        )
    what, at = place[1], min(int(place[2]), len(body))
    start = body.rfind(b"\n", 0, at) + 1
    column = len(body[max(start, at - SEARCHED) : at].decode(errors="replace")) + 1
    near = body[at : at + 4 * NEAR].decode(errors="replace").partition("\n")[0][:NEAR].strip()
    where = f"at line {_lines_before(body, at) + 1:,}, column {column:,}{_record_at(body, at)}"
    if near:
        where += f", near “{near}”"
    return PlatformError(f"The body is not valid JSON {where} ({what}). Correct it, then send it again.")


def _lines_before(body: mmap.mmap, at: int) -> int:
    return sum(body[start : min(start + SEARCHED, at)].count(b"\n") for start in range(0, at, SEARCHED))


def _record_at(body: mmap.mmap, at: int) -> str:
    """The record of the list that a place is in, in words; empty where it is in none, or too far from the beginning."""
    if at > SEARCHED:
        return ""
    depth, list_depth, record, name = 0, 0, 0, ""
    last = b""
    for found in _TOKEN.finditer(body, 0, at):
        token = found[0]
        if token in b"[{":
            depth += 1
            if token == b"[" and not list_depth and last.startswith(b'"'):
                list_depth, record = depth, 1
                name = last[1:-1][:100].decode(errors="replace")
        elif token in b"]}":
            if depth == list_depth:
                list_depth = 0
            depth -= 1
        elif token == b"," and depth == list_depth:
            record += 1
        last = token
    return f", in record {record:,} of “{name}”" if list_depth else ""
