"""Retry slots: they grow with failed attempts, and jobs of one distribution share them."""

from itertools import pairwise

import pytest

from purgemap.delivery.backoff import MAX_DELAY_SECONDS, last_wildcard_slot, next_wildcard_slot, retry_delay
from support.ids import E1, NOW


@pytest.mark.parametrize("failed_attempts", range(12))
def test_retry_slot_is_after_back_off_and_within_sqs_limit(failed_attempts: int) -> None:
    for second in range(0, 2_000, 37):
        delay = retry_delay(E1, NOW + second, failed_attempts=failed_attempts)
        assert 0 < delay <= MAX_DELAY_SECONDS
        if 5 << failed_attempts < MAX_DELAY_SECONDS / 2:
            assert delay >= 5 << failed_attempts


def retry_slots(failed_attempts: int) -> set[int]:
    return {
        round(NOW + second + retry_delay(E1, NOW + second, failed_attempts=failed_attempts)) for second in range(640)
    }


def test_retry_slot_is_one_per_interval_and_distribution() -> None:
    assert len(retry_slots(failed_attempts=4)) <= 640 // 80 + 1


@pytest.mark.parametrize(
    ("failed_attempts", "seconds"), [(2, 20), (3, 40), (4, 80), (5, 160), (6, 320), (7, 160), (8, 640)]
)
def test_retry_slots_are_one_interval_apart(failed_attempts: int, seconds: int) -> None:
    times = [NOW + second for second in range(3_000)]
    slots = sorted({round(time + retry_delay(E1, time, failed_attempts=failed_attempts)) for time in times})
    assert {later - slot for slot, later in pairwise(slots)} == {seconds}


def test_retry_slots_of_long_and_short_back_offs_coincide() -> None:
    assert {slot % 20 for slot in retry_slots(failed_attempts=1) | retry_slots(failed_attempts=4)} == {
        next(iter(retry_slots(failed_attempts=1))) % 20
    }


@pytest.mark.parametrize("now", [NOW, NOW + 123.4, NOW + 899.9])
def test_wildcard_slot_is_15_minutes_and_never_too_near(now: float) -> None:
    begun, coming = last_wildcard_slot(E1, now), next_wildcard_slot(E1, now)
    assert now - 900 < begun <= now
    assert 10 <= coming - now <= 910
    assert (coming - begun) % 900 == 0
