"""Identifiers that tell the order in which they were made."""

import time
from uuid import RFC_4122

from adsplatform.identifiers import uuid7


def test_identifiers_are_of_version_7_and_contain_the_time():
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_each_is_greater_than_the_one_before():
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))
