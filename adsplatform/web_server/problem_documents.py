"""The answers of the web server itself, for requests that never reach the application: problem documents (RFC 9457)."""

import json
from http import HTTPStatus

OUR_FAULT = "Something went wrong on our side. Nothing was changed."
# The section of an RFC that explains each status.
TYPES = {
    400: "rfc9110#section-15.5.1",
    403: "rfc9110#section-15.5.4",
    408: "rfc9110#section-15.5.9",
    414: "rfc9110#section-15.5.15",
    417: "rfc9110#section-15.5.18",
    431: "rfc6585#section-5",
    500: "rfc9110#section-15.6.1",
    501: "rfc9110#section-15.6.2",
    503: "rfc9110#section-15.6.4",
    507: "rfc4918#section-11.5",
}
TITLES = {414: "URI Too Long", 431: "Request Header Fields Too Large"}
# How much of what a sender wrote a sentence repeats.
QUOTED = 200


def sentence_of(status: int, reason: str, *, line_limit: int, field_limit: int, field_count: int) -> str:
    """What to tell the sender; `reason` is what the parser says."""
    match status:
        case 414:
            return (
                f"The first line of the request is longer than {line_limit:,} bytes. Shorten the URL, for example its "
                "filter."
            )
        case 431:
            return (
                f"The headers of the request are too many or too long: at most {field_count:,} of at most "
                f"{field_limit:,} bytes each. Send fewer, or shorter ones."
            )
        case 500:
            return OUR_FAULT
    cut = reason if len(reason) <= QUOTED else reason[:QUOTED] + "…"
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in cut)
    return f"The request is not valid HTTP: {shown.rstrip('.')}. Correct the program or proxy that sends it."


def problem_response(status: int, sentence: str, *, retry_after: int | None = None) -> bytes:
    """A whole response, after which the connection is closed."""
    document = {
        "type": f"https://www.rfc-editor.org/rfc/{TYPES[status]}" if status in TYPES else "about:blank",
        "title": TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": sentence,
    }
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    headers = [
        f"HTTP/1.1 {status} {document['title']}",
        "Connection: close",
        "Content-Type: application/problem+json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
    ]
    if retry_after is not None:
        headers.append(f"Retry-After: {retry_after}")
    return "\r\n".join([*headers, "", ""]).encode("latin-1") + body
