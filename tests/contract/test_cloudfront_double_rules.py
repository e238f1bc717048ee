"""The items that the CloudFront double accepts, and the batches that it refuses."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.doubles.cloudfront import ACCOUNT, Clock, CloudFrontDouble, ServiceError, Settings, Site

REFERENCE = "reference"


def refusal_code(items: Sequence[str], *, quantity: int | None = None, settings: Settings | None = None) -> str:
    """Send one batch to a new double, and return the code of its refusal, or ""."""
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
        "/!$&'()*+,;:@=-_.",  # RFC 1738 calls none of these unsafe
        "/x.jpg?a=1&b=2",
        "/%E2%82%AC",
        "/%e2%82%ac",
        "/%20%5B%5D%25%23",
        "/a%2Db",  # encoded without need: accepted, but without effect
        "/a%7Eb",  # accepted, but without effect
        "/" + "a" * 3_999,
        "#product:Electronics",
        '#a~b*%"<>',
        "#" + "t" * 256,
    ],
)
def test_rules_accept_a_valid_item(item: str) -> None:
    assert refusal_code([item]) == ""


@pytest.mark.parametrize(
    "item",
    [
        "",
        "images/image.jpg",  # the console adds the slash, the API does not
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
def test_rules_refuse_the_request_for_one_invalid_item(item: str) -> None:
    assert refusal_code(["/fine", item]) == "InvalidArgument"


def test_rules_refuse_a_tilde_without_naming_it() -> None:
    double = CloudFrontDouble(Clock())
    double.add(Site(id="E1", bucket="site"))
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ["/fine", "/a~b"], REFERENCE)
    assert refused.value.message == "Your request contains one or more invalid invalidation paths."
    assert not double.accepted("E1")


@given(st.text())
def test_rules_accept_only_ascii_without_unsafe_characters(text: str) -> None:
    if refusal_code([f"/{text}"]) == "":
        assert not set(text) & set(' <>"#{}|\\^~[]`')
        assert all(" " < character < "\x7f" for character in text)


@given(st.text(max_size=30).map(lambda text: "".join(f"%{byte:02X}" for byte in text.encode())))
def test_rules_accept_every_fully_encoded_item(encoded: str) -> None:
    assert refusal_code([f"/{encoded}"]) == ""


def test_rules_require_the_number_of_items_as_quantity() -> None:
    assert refusal_code(["/a", "/b"], quantity=1) == "InconsistentQuantities"


def test_rules_refuse_an_empty_batch() -> None:
    assert refusal_code([]) == "InconsistentQuantities"


def test_rules_refuse_a_batch_over_the_maximum() -> None:
    items = [f"/{number}" for number in range(4)]
    assert refusal_code(items, settings=Settings(max_items=3)) == "BatchTooLarge"
    assert refusal_code(items[1:], settings=Settings(max_items=3)) == ""


def test_rules_accept_an_item_twice() -> None:
    assert refusal_code(["/a", "/a"]) == ""


@pytest.mark.parametrize("reference", ["", "r" * 129])
def test_rules_require_a_reference_of_1_to_128_characters(reference: str) -> None:
    double = CloudFrontDouble(Clock())
    double.add(Site(id="E1", bucket="site"))
    with pytest.raises(ServiceError, match="InvalidArgument"):
        double.create_invalidation(ACCOUNT, "E1", ["/a"], reference)
