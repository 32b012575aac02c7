"""What a file seems to be that is not what its name says, by how it begins."""

import re

ZIP = "a workbook (XLSX) or a ZIP file"
_KINDS = (
    (re.compile(r"PK(\x03\x04|\x05\x06)"), ZIP),
    (re.compile(r"(‰|\udc89)PNG\r|(ÿØÿ|\udcff\udcd8\udcff)|GIF8[79]a"), "a picture"),
    (re.compile(r"%PDF-"), "a PDF"),
    (re.compile(r"\{\\rtf"), "a text document (RTF)"),
    (re.compile(r"(ÐÏ|\udcd0\udccf)\x11"), "a workbook from before 2007, or one with a password"),
    (re.compile(r"\x1f[‹\udc8b]\x08"), "packed (gzip)"),
    (re.compile(r"Rar!\x1a|7z(¼¯|\udcbc\udcaf)|BZh[1-9]1AY|SQLite format 3\0"), "packed or a database"),
    (re.compile(r"<(!doctype\s+html|html|head|body|table|div|meta)\b", re.IGNORECASE), "a web page (HTML)"),
    (re.compile(r"<(\?xml|!--|!doctype\b|[A-Za-z_][\w.:-]*(\s[^<>]*)?/?>)", re.IGNORECASE), "XML"),
    (re.compile(r"""\{\s*("|\}|$)|\[\s*([\[{\]"]|-?\d|$)"""), "JSON"),
)
# The first line of DATEV's files: their mark, the version, and the number of what they hold; further on, the first and
# the last day of the bookings.
_DATEV = re.compile(r'"?(?:EXTF|DTVF)"?;\d+;(\d+);')
_DATEV_BOOKINGS, _DATEV_FROM, _DATEV_TO = ("21", "65"), 14, 15
TEXTS = ("a web page (HTML)", "XML", "JSON")


def kind_of(start: str) -> str:
    """What a text that begins like this seems to be; empty if nothing but a table of cells is to be seen."""
    return next((kind for pattern, kind in _KINDS if pattern.match(start.strip(" \t\r\n"))), "")


def reason_not_csv(start: str, stem: str) -> tuple[str, str] | None:
    """The code and the sentence of a problem where a file that is named like CSV begins like this; else None."""
    if (datev := _DATEV.match(start)) and datev[1] in _DATEV_BOOKINGS:
        return (
            "other_format",
            f"The file holds bookings from DATEV (Buchungsstapel{_datev_days(start)}). Its lines have no number by "
            "which they could be found again, and its dates no year, so nothing was loaded from it. Export the "
            "invoices or the open items with a line for each, or the journal with a number for each entry and a line "
            "for each account; then send that.",
        )
    kind = kind_of(start)
    if kind == "JSON":
        return (
            "other_format",
            "The file seems to be JSON, not CSV, so nothing was loaded from it. Write one object on each line, "
            f"without a list around them, and name the file {stem}.jsonl; or save it as “CSV UTF-8”.",
        )
    if kind in TEXTS:
        return (
            "other_format",
            f"The file seems to be {kind}, not CSV, so nothing was loaded from it. Save it as “CSV UTF-8”, then send "
            "it again.",
        )
    code = "not_text"
    if kind:
        return (
            code,
            f"The file is not a text file: it seems to be {kind}. Name it after what it is, or save it as “CSV UTF-8”, "
            "then send it again.",
        )
    if "\0" in start:
        return code, "The file is not a text file. Save it as “CSV UTF-8”, then send it again."
    return None


def _datev_days(first_line: str) -> str:
    """The days that DATEV's bookings are from, to stand behind their name; empty if the line does not say so."""
    cells = first_line.split("\n", 1)[0].split(";")
    days = [cells[at].strip('" \r') if at < len(cells) else "" for at in (_DATEV_FROM, _DATEV_TO)]
    if not all(re.fullmatch("[0-9]{8}", day) for day in days):
        return ""
    first, last = (f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in days)
    return f", {first} to {last}"


def reason_not_json(lines: list[str], stem: str) -> str:
    """The sentence of a problem where the first lines of a file that is named like JSON lines are not; else empty."""
    kind = kind_of(lines[0])
    if kind == "JSON":
        return ""
    if kind:
        return (
            f"The file seems to be {kind}, not JSON lines, so nothing was loaded from it. Write one object on each "
            "line, then send it again."
        )
    if any(kind_of(line) for line in lines):
        return ""
    counts = {mark: {line.count(mark) for line in lines} for mark in ",;\t|"}
    if not any(len(found) == 1 and found != {0} for found in counts.values()):
        return ""
    return (
        f"The file seems to be CSV, not JSON lines, so nothing was loaded from it. Name it {stem}.csv, then send it "
        "again."
    )
