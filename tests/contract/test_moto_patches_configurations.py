"""What AWS documents of distributions' configurations and tenants. Each test, over HTTP, fails with moto alone."""

import pytest
from botocore.exceptions import ClientError

from purgemap.demo.local_aws import LocalAws
from support.distributions import behavior, cache_policy, distribution, origin

pytest_plugins = ["support.local_aws_fixtures"]

FUNCTIONS = [("viewer-request", "arn:aws:cloudfront::123456789012:function/append-index")]
LAMBDAS = [("origin-request", "arn:aws:lambda:us-east-1:123456789012:function:rewrite:3")]


def test_config_keeps_the_functions_of_each_behavior(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    default, media = behavior(functions=FUNCTIONS), behavior(pattern="media/*", functions=LAMBDAS)
    config = distribution([origin("acme-www")], [media, default])
    id_ = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    read = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]
    (listed,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    for answer in (read, listed):
        assert answer["DefaultCacheBehavior"]["FunctionAssociations"] == default["FunctionAssociations"]
        (behavior_read,) = answer["CacheBehaviors"]["Items"]
        assert behavior_read["LambdaFunctionAssociations"] == media["LambdaFunctionAssociations"]


def test_config_has_a_cache_policy_or_forwarded_values(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    policy = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("all"))["CachePolicy"]["Id"]
    config = distribution([origin("acme-www")], [behavior(pattern="old/*"), behavior(policy=policy)])
    id_ = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    read = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]
    assert read["DefaultCacheBehavior"]["CachePolicyId"] == policy
    assert "ForwardedValues" not in read["DefaultCacheBehavior"]
    assert read["CacheBehaviors"]["Items"][0]["ForwardedValues"]["QueryString"] is False


def test_config_accepts_a_group_as_the_default_target(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    origins = [origin("acme-one", id_="one"), origin("acme-two", id_="two")]
    config = distribution(origins, [behavior("both")], groups={"both": ["one", "two"]})
    id_ = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    read = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]
    assert read["DefaultCacheBehavior"]["TargetOriginId"] == "both"
    assert read["OriginGroups"]["Items"][0]["Members"]["Items"] == [{"OriginId": "one"}, {"OriginId": "two"}]


def test_config_refuses_an_unknown_target(aws: LocalAws) -> None:
    config = distribution([origin("acme-www")], [behavior("elsewhere")])
    with pytest.raises(ClientError, match="NoSuchOrigin"):
        aws.client("cloudfront").create_distribution(DistributionConfig=config)


def test_config_keeps_s3_origins(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    id_ = cloudfront.create_distribution(DistributionConfig=distribution([origin("acme-www")]))["Distribution"]["Id"]
    (read,) = cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]["Origins"]["Items"]
    assert read["S3OriginConfig"] == {"OriginAccessIdentity": ""}


def test_list_has_staging_and_connection_mode(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    config = distribution([origin("acme-www")], Staging=True, ConnectionMode="tenant-only")
    cloudfront.create_distribution(DistributionConfig=config)
    (listed,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert (listed["Staging"], listed["ConnectionMode"]) == (True, "tenant-only")


def test_tenants_are_listed_by_pages_and_not_as_distributions(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    config = distribution([origin("acme-www")], ConnectionMode="tenant-only")
    id_ = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    for name in ("one", "two", "three"):
        cloudfront.create_distribution_tenant(
            DistributionId=id_, Name=name, Domains=[{"Domain": f"{name}.example.com"}], Enabled=name != "three"
        )
    pages = cloudfront.get_paginator("list_distribution_tenants").paginate(PaginationConfig={"PageSize": 2})
    tenants = [tenant for page in pages for tenant in page["DistributionTenantList"]]
    assert [(tenant["Name"], tenant["Enabled"]) for tenant in tenants] == [
        ("one", True),
        ("two", True),
        ("three", False),
    ]
    assert {tenant["DistributionId"] for tenant in tenants} == {id_}
    assert tenants[0]["Domains"] == [{"Domain": "one.example.com", "Status": "active"}]
    assert [item["Id"] for item in cloudfront.list_distributions()["DistributionList"]["Items"]] == [id_]


def test_tenant_has_its_parameters_and_the_list_omits_them(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    definition = {"Name": "customer", "Definition": {"StringSchema": {"Required": False, "DefaultValue": "acme"}}}
    tenant_config = {"ParameterDefinitions": [definition]}
    config = distribution([origin("acme-www")], ConnectionMode="tenant-only", TenantConfig=tenant_config)
    id_ = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    assert cloudfront.get_distribution_config(Id=id_)["DistributionConfig"]["TenantConfig"] == tenant_config
    parameters = [{"Name": "customer", "Value": "initech"}]
    created = cloudfront.create_distribution_tenant(
        DistributionId=id_, Name="shop", Domains=[{"Domain": "shop.example.com"}], Parameters=parameters
    )["DistributionTenant"]
    read = cloudfront.get_distribution_tenant(Identifier=created["Id"])["DistributionTenant"]
    assert (read["Name"], read["Parameters"]) == ("shop", parameters)
    (listed,) = cloudfront.list_distribution_tenants()["DistributionTenantList"]
    assert "Parameters" not in listed
    with pytest.raises(ClientError, match="EntityNotFound"):
        cloudfront.get_distribution_tenant(Identifier="dt_missing")


def test_created_tenant_can_be_invalidated(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    config = distribution([origin("acme-www")], ConnectionMode="tenant-only")
    id_ = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"]
    domains = [{"Domain": "shop.example.com"}]
    created = cloudfront.create_distribution_tenant(DistributionId=id_, Name="shop", Domains=domains)
    tenant = created["DistributionTenant"]["Id"]
    batch = {"Paths": {"Quantity": 1, "Items": ["/x"]}, "CallerReference": "reference"}
    cloudfront.create_invalidation_for_distribution_tenant(Id=tenant, InvalidationBatch=batch)
    listed = cloudfront.list_invalidations_for_distribution_tenant(Id=tenant)["InvalidationList"]["Items"]
    assert len(listed) == 1


def test_cache_policy_is_returned_as_created(aws: LocalAws) -> None:
    cloudfront, config = aws.client("cloudfront"), cache_policy("whitelist")
    id_ = cloudfront.create_cache_policy(CachePolicyConfig=config)["CachePolicy"]["Id"]
    assert cloudfront.get_cache_policy(Id=id_)["CachePolicy"]["CachePolicyConfig"] == config
    with pytest.raises(ClientError, match="NoSuchCachePolicy"):
        cloudfront.get_cache_policy(Id="missing")
