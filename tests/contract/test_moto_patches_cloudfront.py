"""What AWS documents of invalidations. Each test, over HTTP, fails with moto alone."""

import re
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from purgemap.demo.local_aws import LocalAws
from support.local_site import accepted_items, invalidate

pytest_plugins = ["support.local_aws_fixtures"]


def test_distribution_ids_begin_with_e_invalidation_ids_with_i(aws: LocalAws) -> None:
    ids = [aws.create_distribution() for _ in range(5)]
    assert all(re.fullmatch(r"E[A-Z0-9]{9,19}", id_) for id_ in ids)
    assert invalidate(aws, ids[0], ["/x"])["Id"].startswith("I")


def test_invalidation_is_in_progress_and_then_completed(aws: LocalAws) -> None:
    distribution = aws.create_distribution()
    invalidation = invalidate(aws, distribution, ["/x"])
    assert invalidation["Status"] == "InProgress"
    waiter = aws.client("cloudfront").get_waiter("invalidation_completed")
    waiter.wait(DistributionId=distribution, Id=invalidation["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 5})


def test_reference_with_the_same_items_creates_nothing(aws: LocalAws) -> None:
    distribution = aws.create_distribution()
    first = invalidate(aws, distribution, ["/a", "/b"], "reference")
    assert invalidate(aws, distribution, ["/b", "/a"], "reference")["Id"] == first["Id"]
    assert accepted_items(aws) == {distribution: [["/a", "/b"]]}


def test_reference_with_other_items_is_refused_as_by_aws(aws: LocalAws) -> None:
    distribution = aws.create_distribution()
    invalidate(aws, distribution, ["/a"], "reference")
    with pytest.raises(ClientError) as refusal:
        invalidate(aws, distribution, ["/b"], "reference")
    assert refusal.value.response["Error"]["Code"] == "InvalidArgument"
    assert refusal.value.response["Error"]["Message"] == (
        "Your request contains a caller reference that was used for a previous invalidation batch "
        "for the same distribution."
    )
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_list_is_newest_first_over_all_pages(aws: LocalAws) -> None:
    distribution = aws.create_distribution()
    ids = [invalidate(aws, distribution, [f"/{number}"])["Id"] for number in range(5)]
    pages = aws.client("cloudfront").get_paginator("list_invalidations")
    listed = pages.paginate(DistributionId=distribution, PaginationConfig={"PageSize": 2})
    assert [item["Id"] for page in listed for item in page["InvalidationList"]["Items"]] == ids[::-1]


def test_invalidation_has_its_creation_time_and_paths(aws: LocalAws) -> None:
    distribution, began = aws.create_distribution(), datetime.now(UTC).replace(microsecond=0)
    id_ = invalidate(aws, distribution, ["/a", "/b*", "#c"])["Id"]
    (listed,) = aws.client("cloudfront").list_invalidations(DistributionId=distribution)["InvalidationList"]["Items"]
    read = aws.client("cloudfront").get_invalidation(DistributionId=distribution, Id=id_)["Invalidation"]
    assert listed["CreateTime"] == read["CreateTime"] >= began
    assert read["InvalidationBatch"]["Paths"] == {"Quantity": 3, "Items": ["/a", "/b*", "#c"]}


def test_list_refuses_an_unknown_distribution(aws: LocalAws) -> None:
    with pytest.raises(ClientError) as refusal:
        aws.client("cloudfront").list_invalidations(DistributionId="E0MISSING00000")
    assert refusal.value.response["Error"]["Code"] == "NoSuchDistribution"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    "items",
    [
        ["no-slash"],
        ["/good", "/a b"],
        ["/é"],
        ["/a~b"],
        ["/a#b"],
        ["/[a]"],
        ['/"'],
        ["/a%zz"],
        ["/\x7f"],
        ["/" + "a" * 4_000],
        ["#two words"],
        ["#one,two"],
        ["#"],
        [""],
        [],
    ],
    ids=lambda items: repr(items)[:30],
)
def test_create_refuses_the_request_for_one_invalid_path(aws: LocalAws, items: list[str]) -> None:
    distribution = aws.create_distribution()
    with pytest.raises(ClientError) as refusal:
        invalidate(aws, distribution, items)
    assert refusal.value.response["Error"]["Code"] == "InvalidArgument"
    assert accepted_items(aws) == {distribution: []}


def test_create_refuses_a_wrong_quantity(aws: LocalAws) -> None:
    batch = {"Paths": {"Quantity": 2, "Items": ["/x"]}, "CallerReference": "reference"}
    with pytest.raises(ClientError) as refusal:
        aws.client("cloudfront").create_invalidation(DistributionId=aws.create_distribution(), InvalidationBatch=batch)
    assert refusal.value.response["Error"]["Code"] == "InconsistentQuantities"


def test_tenant_has_its_own_invalidations(aws: LocalAws) -> None:
    aws.create_distribution("tenant:dt_1a2b3c")
    cloudfront = aws.client("cloudfront")
    batch = {"Paths": {"Quantity": 1, "Items": ["/x"]}, "CallerReference": "reference"}
    created = cloudfront.create_invalidation_for_distribution_tenant(Id="dt_1a2b3c", InvalidationBatch=batch)
    listed = cloudfront.list_invalidations_for_distribution_tenant(Id="dt_1a2b3c")["InvalidationList"]["Items"]
    assert [item["Id"] for item in listed] == [created["Invalidation"]["Id"]]
    read = cloudfront.get_invalidation_for_distribution_tenant(DistributionTenantId="dt_1a2b3c", Id=listed[0]["Id"])
    assert read["Invalidation"]["InvalidationBatch"]["Paths"]["Items"] == ["/x"]


def test_list_refuses_an_unknown_tenant(aws: LocalAws) -> None:
    with pytest.raises(ClientError) as refusal:
        aws.client("cloudfront").list_invalidations_for_distribution_tenant(Id="dt_missing")
    assert refusal.value.response["Error"]["Code"] == "EntityNotFound"
