"""Told to stop, the product lets the running sync end; what waits runs after the next start."""

import signal

import requests

from tests.benchmarks.invoices import write_zip
from tests.product import eventually


def statuses(product, key):
    answer = requests.get(
        f"{product.url}/api/v1/Sync/query", params={"order": "created"}, headers={"Api-Key": key}, timeout=10
    )
    return [record["statusCode"] for record in answer.json()["records"]]


def test_ctrl_c_waits_for_the_running_sync_and_keeps_the_waiting_one(up, tmp_path):
    product = up().wait()
    demo = product.demo()
    path = write_zip(tmp_path / "books.zip", 60_000)
    for _ in range(2):
        with path.open("rb") as content:
            requests.post(
                f"{product.url}/api/v1/Sync/zip",
                files={"file": content},
                headers={"Api-Key": demo["apiKey"]},
                timeout=60,
            )
    assert eventually(lambda: statuses(product, demo["apiKey"]) == ["In Progress", "Connector"])
    product.process.send_signal(signal.SIGINT)
    code, _ = product.finish()
    assert code == 0
    again = up().wait()
    first, second = statuses(again, demo["apiKey"])
    assert first == "Success"
    assert second in ("Connector", "In Progress", "Success")
    assert eventually(lambda: statuses(again, demo["apiKey"]) == ["Success", "Success"], seconds=60)
