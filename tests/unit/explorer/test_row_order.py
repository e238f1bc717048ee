"""The order of rows: short edges, few crossings, and buckets that stay together."""

import itertools
import random

from purgemap.explorer.row_order import DestinationKey, SourceKey, order_rows


def source(bucket: str, prefix: str = "", account: str = "") -> SourceKey:
    return SourceKey(account, bucket, prefix)


def destination(name: str, account: str = "") -> DestinationKey:
    return DestinationKey(account, name)


def test_order_of_pairs_has_no_crossing() -> None:
    numbers = list(range(40))
    random.Random(7).shuffle(numbers)
    links = [(source(f"b{index:02}"), destination(f"E{number:02}")) for index, number in enumerate(numbers)]
    sources, destinations = order_rows(links)
    by_source = dict(links)
    assert [by_source[key] for key in sources] == destinations


def test_order_keeps_prefixes_of_a_bucket_together() -> None:
    names = [f"E{number}" for number in range(30)]
    drawn = random.Random(3)
    links = [
        (source(f"b{number % 5}", f"p{number}/"), destination(name))
        for number in range(60)
        for name in drawn.sample(names, 2)
    ]
    buckets = [key.bucket for key in order_rows(links)[0]]
    changes = sum(left != right for left, right in itertools.pairwise(buckets))
    assert changes == 4


def test_order_groups_rows_by_account() -> None:
    links = [
        (source(f"b{number}", account="22" * (number % 2)), destination(f"E{number}", "33" * (number % 3 == 0)))
        for number in range(12)
    ]
    sources, destinations = order_rows(links)
    assert [key.account for key in sources] == [""] * 6 + ["22"] * 6
    assert [key.account for key in destinations] == [""] * 8 + ["33"] * 4


def test_order_depends_on_the_set_of_links_only() -> None:
    drawn = random.Random(11)
    links = [(source(f"b{drawn.randrange(20)}"), destination(f"E{drawn.randrange(15)}")) for _ in range(60)]
    orders = []
    for _ in range(3):
        drawn.shuffle(links)
        orders.append(order_rows([*links, links[0]]))
    assert orders[0] == orders[1] == orders[2]


def test_order_of_nothing_is_empty() -> None:
    assert order_rows([]) == ([], [])
