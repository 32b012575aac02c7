"""What the five published SDKs put on the wire, byte for byte, as they were recorded."""

import json

import pytest

from adsplatform.accounts.models import ApiKey
from syncs.models import SyncRequest, Upload
from tests.api.test_sync_zip import ZIP

pytestmark = pytest.mark.django_db


def stored():
    with Upload.objects.get().content.open() as file:
        return file.read()


class TestCSharp:
    """C# 2025.8.6: PascalCase members, a quoted boundary, unquoted part parameters, the file's name twice."""

    def headers(self, program):
        return {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "SdkName": "DotNet",
            "SdkVersion": "2025.8.6",
            "MachineName": "PC-7",
            "Api-Key": program.key,
        }

    def test_create_sync_makes_a_sync(self, program, enrollment):
        body = f'{{"AppEnrollmentId":"{enrollment.pk}","RunFullSync":true}}'.encode()
        answer = program.send("POST", "Sync", body, "application/json; charset=utf-8", headers=self.headers(program))
        assert (answer.status_code, answer.json()["runFullSync"]) == (200, True)
        int(answer.headers["Server-Duration"])

    def test_query_syncs_ends_in_an_ampersand(self, program):
        answer = program.send(
            "GET",
            "Sync/query",
            query="operationType=Read&filter=statusCode%20eq%20%27Ready%27&pageSize=10&pageNumber=0&",
            headers=self.headers(program),
        )
        assert answer.json() == {"records": [], "totalCount": 0, "pageSize": 10, "pageNumber": 0}

    def test_upload_sync_file_stores_the_file(self, program, enrollment):
        boundary = "0c3f5a5e-0d0c-4b8e-9a53-6f4c6a2b7d10"
        body = (
            (
                f"--{boundary}\r\n"
                "Content-Disposition: form-data; name=file; filename=my.zip; filename*=utf-8''my.zip\r\n\r\n"
            ).encode()
            + ZIP
            + f"\r\n--{boundary}--\r\n".encode()
        )
        answer = program.send(
            "POST",
            "Sync/zip",
            body,
            f'multipart/form-data; boundary="{boundary}"',
            f"appEnrollmentId={enrollment.pk}&currentBatch=1&totalBatches=1&isFullSync=False&",
            headers=self.headers(program),
        )
        assert (answer.status_code, answer.json()["appEnrollmentId"]) == (200, str(enrollment.pk))
        assert (Upload.objects.get().file_name, stored()) == ("my.zip", ZIP)


class TestPython:
    """Python 2023.40.72: the text None for what is left out, True and False, a part called files."""

    def test_upload_sync_file_stores_the_file(self, program):
        body = (
            b'--5a4f7c\r\nContent-Disposition: form-data; name="files"; filename="my.zip"\r\n\r\n'
            + ZIP
            + b"\r\n--5a4f7c--\r\n"
        )
        answer = program.send(
            "POST",
            "Sync/zip",
            body,
            "multipart/form-data; boundary=5a4f7c",
            "appEnrollmentId=None&isFullSync=True",
        )
        assert (answer.status_code, answer.json()["runFullSync"]) == (200, True)
        assert stored() == ZIP

    def test_query_syncs_returns_a_page(self, program):
        answer = program.get("Sync/query", query="filter=None&include=None&order=None&pageSize=None&pageNumber=None")
        assert answer.json() == {"records": [], "totalCount": 0, "pageSize": 250}

    def test_delete_has_an_empty_body_and_no_content_type(self, program):
        key_id = program.post("ApiKeys", {"name": "mine"}).json()["apiKeyId"]
        answer = program.client.delete(f"/api/v1/ApiKeys/{key_id}", headers=program.headers, CONTENT_LENGTH="0")
        assert answer.json() == {"messages": [f"Revoked API key {key_id}"]}


class TestTypeScript:
    """TypeScript 2023.28.10: the header ApiKey, all parameters in one, an upload that says it is a form."""

    def headers(self, program):
        return {
            "Accept": "application/json, text/plain, */*",
            "SdkName": "TypeScript",
            "SdkVersion": "2023.28.10",
            "ApiKey": program.key,
        }

    def test_query_syncs_returns_a_page(self, program):
        answer = program.send(
            "GET",
            "Sync/query",
            query="params=%7B%22filter%22:%22statusCode+eq+'In+Progress'%22,%22pageSize%22:10%7D",
            headers=self.headers(program),
        )
        assert answer.json() == {"records": [], "totalCount": 0, "pageSize": 10}

    def test_create_sync_makes_a_sync(self, program, enrollment):
        body = json.dumps({"appEnrollmentId": str(enrollment.pk), "runFullSync": None}).encode()
        answer = program.send("POST", "Sync", body, "application/json", "", headers=self.headers(program))
        assert answer.status_code == 200

    def test_upload_sync_file_stores_the_file(self, program, enrollment):
        boundary = "--------------------------515890814546601021194782"
        body = (
            (
                f"--{boundary}\r\n"
                'Content-Disposition: form-data; name="file"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            ).encode()
            + ZIP
            + f"\r\n--{boundary}--\r\n".encode()
        )
        program.headers = self.headers(program)
        answer = program.send_chunked(
            "Sync/zip",
            body,
            "application/x-www-form-urlencoded",
            f"params=%7B%22appEnrollmentId%22:%22{enrollment.pk}%22,%22isFullSync%22:true%7D",
        )
        assert answer.status_code == 200
        assert (answer.json()["appEnrollmentId"], answer.json()["runFullSync"]) == (str(enrollment.pk), True)
        assert stored() == ZIP


class TestJava:
    """Java 2023.28.10: every body as Latin-1 text, empty texts for what is left out, no file at all."""

    def test_create_batch_import_makes_a_sync(self, program):
        body = '{"companies":[{"erpKey":"C1","companyName":"Bäcker & Söhne"}],"isFullSync":false}'
        answer = program.send("POST", "Sync/batch", body.encode("iso-8859-1"), "text/plain; charset=ISO-8859-1")
        assert answer.status_code == 200
        int(answer.headers["ServerDuration"])
        assert json.loads(stored())["companies"][0]["companyName"] == "Bäcker & Söhne"

    def test_create_sync_makes_a_sync(self, program, enrollment):
        body = f'{{"appEnrollmentId":"{enrollment.pk}","runFullSync":false}}'.encode()
        answer = program.send("POST", "Sync", body, "text/plain; charset=ISO-8859-1")
        assert answer.status_code == 200

    def test_query_syncs_returns_a_page(self, program):
        answer = program.get("Sync/query", query="pageNumber=0&order=&include=&filter=&pageSize=10")
        assert answer.json() == {"records": [], "totalCount": 0, "pageSize": 10, "pageNumber": 0}

    def test_upload_sync_file_without_a_file_is_refused(self, program, enrollment):
        answer = program.send("POST", "Sync/zip", query=f"isFullSync=false&appEnrollmentId={enrollment.pk}")
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("There is no file in this request.")


class TestRuby:
    """Ruby 2023.28.10: `application/*+json` on everything, bare names, lists around objects, nulls."""

    TYPE = "application/*+json"

    def test_create_sync_makes_a_sync(self, program, enrollment):
        body = json.dumps([{"app_enrollment_id": None, "appEnrollmentId": str(enrollment.pk), "runFullSync": None}])
        answer = program.send("POST", "http://testserver//api/v1/Sync", body.encode(), self.TYPE)
        assert (answer.status_code, answer.json()["runFullSync"]) == (200, False)

    def test_create_batch_import_makes_a_sync(self, program):
        batch = {
            "appEnrollmentId": None,
            "isFullSync": None,
            "companies": [[{"erpKey": "C1"}]],
            "contacts": None,
        }
        answer = program.send("POST", "http://testserver//api/v1/Sync/batch", json.dumps([batch]).encode(), self.TYPE)
        assert answer.status_code == 200
        assert json.loads(stored()) == batch

    def test_query_syncs_returns_a_page(self, program):
        answer = program.send(
            "GET",
            "http://testserver//api/v1/Sync/query",
            content_type=self.TYPE,
            query="filter&include&order&pageSize&pageNumber",
        )
        assert answer.json() == {"records": [], "totalCount": 0, "pageSize": 250}

    def test_upload_sync_file_without_a_file_is_refused(self, program):
        answer = program.send(
            "POST", "http://testserver//api/v1/Sync/zip", b"", self.TYPE, "appEnrollmentId&isFullSync"
        )
        assert answer.status_code == 400
        assert not SyncRequest.objects.exists()

    def test_cancel_sync_has_a_content_type_and_no_body(self, program):
        key = ApiKey.objects.get(created_user=program.user)
        answer = program.send("DELETE", f"http://testserver//api/v1/ApiKeys/{key.pk}", b"", self.TYPE)
        assert answer.status_code == 200
