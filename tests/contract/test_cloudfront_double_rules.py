"""Which items the CloudFront double takes, and how it refuses a batch."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.doubles.cloudfront import ACCOUNT, Clock, CloudFrontDouble, ServiceError, Settings, Site

REFERENCE = "reference"


def refusal_of(items: Sequence[str], *, quantity: int | None = None, settings: Settings | None = None) -> str:
    """Send one batch to a fresh double; give the code of its refusal, or nothing."""
    double = CloudFrontDouble(Clock(), settings)
    double.add(Site(id="E1", bucket="site"))
    try:
        double.create_invalidation(ACCOUNT, "E1", items, REFERENCE, quantity=quantity)
    except ServiceError as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    "item",
    [
        "/",
        "/*",
        "/images/Image.jpg",
        "/a*b.txt",  # a literal star
        "/!$&'()*+,;:@=-_.",  # nothing of this is unsafe in RFC 1738
        "/x.jpg?a=1&b=2",
        "/%E2%82%AC",
        "/%e2%82%ac",
        "/%20%5B%5D%25%23",
        "/a%2Db",  # encoded without need: taken, though without effect
        "/a%7Eb",  # taken, though without effect
        "/" + "a" * 3_999,
        "#product:Electronics",
        '#a~b*%"<>',
        "#" + "t" * 256,
    ],
)
def test_an_item_within_the_rules_is_accepted(item: str) -> None:
    assert refusal_of([item]) == ""


@pytest.mark.parametrize(
    "item",
    [
        "",
        "images/image.jpg",  # the console adds the slash, the API doesn't
        "*",
        "/a b",
        "/a~b",
        "/[a]",
        "/{a}",
        "/<a>",
        '/"a"',
        "/a|b",
        "/a\\b",
        "/a^b",
        "/a`b",
        "/a#b",
        "/100%",
        "/%4",
        "/%C3%2*",  # a wildcard that ends inside an escape
        "/%zz",
        "/é",
        "/\u20ac",
        "/a\nb",
        "/a\x7fb",
        "/a\n",
        "/" + "a" * 4_000,
        "#",
        "#a b",
        "#a,b",
        "#é",
        "#a\n",
        "#" + "t" * 257,
    ],
)
def test_an_item_outside_the_rules_fails_the_whole_request(item: str) -> None:
    assert refusal_of(["/fine", item]) == "InvalidArgument"


def test_a_tilde_fails_the_whole_request_without_naming_it() -> None:
    double = CloudFrontDouble(Clock())
    double.add(Site(id="E1", bucket="site"))
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ["/fine", "/a~b"], REFERENCE)
    assert refused.value.message == "Your request contains one or more invalid invalidation paths."
    assert not double.accepted("E1")


@given(st.text())
def test_only_ascii_without_unsafe_characters_is_ever_accepted(text: str) -> None:
    if refusal_of([f"/{text}"]) == "":
        assert not set(text) & set(' <>"#{}|\\^~[]`')
        assert all(" " < character < "\x7f" for character in text)


@given(st.text(max_size=30).map(lambda text: "".join(f"%{byte:02X}" for byte in text.encode())))
def test_whatever_is_fully_encoded_is_accepted(encoded: str) -> None:
    assert refusal_of([f"/{encoded}"]) == ""


def test_the_quantity_must_be_the_number_of_items() -> None:
    assert refusal_of(["/a", "/b"], quantity=1) == "InconsistentQuantities"


def test_a_batch_must_name_something() -> None:
    assert refusal_of([]) == "InconsistentQuantities"


def test_a_batch_over_the_maximum_is_too_large() -> None:
    items = [f"/{number}" for number in range(4)]
    assert refusal_of(items, settings=Settings(max_items=3)) == "BatchTooLarge"
    assert refusal_of(items[1:], settings=Settings(max_items=3)) == ""


def test_an_item_may_stand_twice() -> None:
    assert refusal_of(["/a", "/a"]) == ""


@pytest.mark.parametrize("reference", ["", "r" * 129])
def test_a_reference_has_1_to_128_characters(reference: str) -> None:
    double = CloudFrontDouble(Clock())
    double.add(Site(id="E1", bucket="site"))
    with pytest.raises(ServiceError, match="InvalidArgument"):
        double.create_invalidation(ACCOUNT, "E1", ["/a"], reference)
