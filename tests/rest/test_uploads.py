"""Finding the file in a request, however it was packed."""

import io

import pytest
from django.test import RequestFactory

from adsplatform.errors import PlatformError, TooLarge
from adsplatform.rest.content_encodings import UnsupportedMedia
from adsplatform.rest.uploads import received_file

ZIP = b"PK\x03\x04 not really, but it begins as one\r\n--almost\r\n"


def request(body, content_type=None, chunked=False):
    made = RequestFactory().generic("POST", "/api/v1/sync/zip", body, content_type=content_type or "")
    if chunked:
        made.META |= {
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True,
            "wsgi.input": io.BytesIO(body),
            "CONTENT_LENGTH": "",
        }
    return made


def taken(body, content_type=None, chunked=False, limit=10_000):
    with received_file(request(body, content_type, chunked), limit) as received:
        return received.name, received.content.read()


def multipart(*parts, boundary="sep"):
    """Parts as (disposition, body)."""
    lines = b"".join(
        f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + body + b"\r\n"
        for disposition, body in parts
    )
    return lines + f"--{boundary}--\r\n".encode()


FORM = "multipart/form-data; boundary=sep"


@pytest.mark.parametrize("field", ["file", "File", "files", "whatever"])
def test_the_file_is_taken_whatever_its_field(field):
    body = multipart(('name="note"', b"hello"), (f'name="{field}"; filename="books.zip"', ZIP))
    assert taken(body, FORM) == ("books.zip", ZIP)


def test_an_upload_with_two_files_is_refused():
    body = multipart(('name="a"; filename="books.zip"', ZIP), ('name="b"; filename="second.zip"', b"PKsecond"))
    with pytest.raises(PlatformError) as refused:
        taken(body, FORM)
    assert str(refused.value) == (
        "The upload holds two files, “books.zip” and “second.zip”. Send one at a time, or put them into a ZIP."
    )


def test_without_a_file_name_the_first_part_that_begins_like_a_zip_is_taken():
    body = multipart(('name="note"', b"P"), ('name="a"', ZIP), ('name="b"', b"PKsecond"))
    assert taken(body, FORM) == ("upload.zip", ZIP)


def test_a_named_file_is_better_than_a_nameless_zip():
    body = multipart(('name="a"', b"PK and much longer than the file"), ('name="b"; filename="b.csv"', b"a,b"))
    assert taken(body, FORM) == ("b.csv", b"a,b")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('name="file"; filename="my books.zip"', "my books.zip"),
        ("name=file; filename=my.zip", "my.zip"),
        ("name=file; filename=my.zip; filename*=utf-8''my.zip", "my.zip"),
        (
            "name=file; filename=\"=?utf-8?B?QsO8Y2hlci56aXA=?=\"; filename*=utf-8''B%C3%BCcher.zip",
            "Bücher.zip",
        ),
        ('name="file"; filename="Bücher.zip"', "Bücher.zip"),
        ('name="file"; filename="C:\\\\data\\\\my.zip"', "my.zip"),
        ('name="file"; filename=""', "upload.zip"),
    ],
)
def test_a_file_name_is_read_however_it_is_written(disposition, name):
    assert taken(multipart((disposition, ZIP)), FORM) == (name, ZIP)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=sep",
        'multipart/form-data; boundary="sep"',
        'Multipart/Form-Data; Boundary="sep"; charset=utf-8',
        "multipart/form-data",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        None,
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_the_boundary_comes_from_the_header_or_from_the_first_line(content_type, chunked):
    body = multipart(('name="file"', ZIP))
    assert taken(body, content_type, chunked) == ("upload.zip", ZIP)


@pytest.mark.parametrize("content_type", ["application/zip", "application/octet-stream", None, "text/plain"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_zip_may_be_the_whole_body(content_type, chunked):
    assert taken(ZIP, content_type, chunked) == ("upload.zip", ZIP)


def test_a_body_declared_as_zip_is_taken_even_if_it_is_none():
    assert taken(b"not a zip", "application/zip") == ("upload.zip", b"not a zip")


def test_a_large_file_crosses_chunks_unharmed():
    content = b"PK" + bytes(range(256)) * 8000
    body = multipart(('name="file"; filename="big.zip"', content))
    assert taken(body, FORM, limit=10**7) == ("big.zip", content)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b"", "application/*+json"),
        (b"", FORM),
        (multipart(), FORM),
        (multipart(('name="note"', b"hello"), ('name="empty"', b"")), FORM),
    ],
)
def test_a_request_without_a_file_is_refused(body, content_type):
    with pytest.raises(PlatformError) as error:
        taken(body, content_type)
    assert (error.value.status, error.value.field) == (400, "file")
    assert str(error.value) == (
        "There is no file in this request. Send it as multipart/form-data, in a part named file."
    )


@pytest.mark.parametrize(
    "body",
    [
        multipart(('name="file"; filename="a.zip"', ZIP))[:-20],
        b"--sep\r\nContent-Disposition: form-data; name=file; filename=a.zip\r\n\r\nPK",
        b"--sep\r\nnonsense\r\n\r\nPK\r\n--sep--\r\n",
        b"--other\r\n\r\nPK\r\n--other--\r\n",
    ],
)
def test_a_multipart_body_that_is_not_complete_is_refused(body):
    with pytest.raises(PlatformError, match="The upload is no complete multipart body: ") as error:
        taken(body, FORM)
    assert error.value.status == 400


def test_another_kind_of_body_is_refused():
    with pytest.raises(UnsupportedMedia, match="No file is found in a body of type “application/json”."):
        taken(b'{"a": 1}', "application/json")


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("content_type", [FORM, "application/zip"])
def test_a_file_that_is_too_large_is_cut_off(chunked, content_type):
    content = b"PK" + b"x" * 5000
    body = multipart(('name="file"; filename="a.zip"', content)) if content_type == FORM else content
    with pytest.raises(TooLarge, match="The file is larger than the 5,000 bytes that may be uploaded at once."):
        taken(body, content_type, chunked, limit=5000)
    assert taken(body, content_type, chunked, limit=5002)[1] == content


def test_a_declared_length_that_is_too_large_is_refused_unread():
    made = request(b"", "application/zip")
    made.META["CONTENT_LENGTH"] = str(3 * 10**9)
    with pytest.raises(TooLarge), received_file(made, 2 * 10**9):
        pass


@pytest.mark.parametrize("content_type", [FORM, "application/zip"])
def test_a_sender_that_breaks_off_is_refused(content_type):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            chunk = super().read(size)
            if not chunk:
                raise ConnectionError("gone")
            return chunk

    made = request(ZIP, content_type, chunked=True)
    made.META["wsgi.input"] = Broken(multipart(('name="file"; filename="a.zip"', ZIP))[:-9])
    refused = pytest.raises(PlatformError, match=r"The body broke off after \d+ bytes. Send it again.")
    with refused, received_file(made, 10_000):
        pass
