"""The configurations of accounts and buckets, read over HTTP."""

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.cloudfront.responses import CloudFrontResponse
from werkzeug.exceptions import BadRequest

from purgemap.aws.inspection import (
    MAX_CONCURRENT_READS,
    Accounts,
    BucketConfig,
    CloudFrontReader,
    MissingBucket,
    NotRead,
    WebsiteConfig,
    enable_event_bridge,
    read_bucket,
)
from purgemap.demo.local_aws import LocalAws
from purgemap.errors import PurgemapError
from support.distributions import behavior, cache_policy, deny, distribution, origin

pytest_plugins = ["support.local_aws_fixtures"]

OWN, MEMBER = "123456789012", "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/read"
EDGE = "arn:aws:lambda:us-east-1:123456789012:function:rewrite:3"
CODE = b"function handler(event) { return event.request; }"


def create(aws: LocalAws, config: object, account: str = OWN) -> str:
    answer = aws.client("cloudfront", account).create_distribution(DistributionConfig=config)
    return str(answer["Distribution"]["Id"])


def test_reader_reads_a_whole_distribution(aws: LocalAws) -> None:
    cloudfront = aws.client("cloudfront")
    policy = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("whitelist"))["CachePolicy"]["Id"]
    function = "arn:aws:cloudfront::123456789012:function/append"
    cloudfront.create_function(
        Name="append", FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"}, FunctionCode=CODE
    )
    config = distribution(
        [origin("acme-one", "/www", id_="one"), origin("acme-two", id_="two")],
        [
            behavior("one", "media/*", policy=policy, functions=[("origin-request", EDGE)]),
            behavior("both", functions=[("viewer-request", function)]),
        ],
        groups={"both": ["one", "two"]},
        aliases=["www.example.com"],
        error_pages={404: "/404.html"},
        CacheTagConfig={"HeaderName": "x-tag"},
    )
    id_ = create(aws, config)
    account = CloudFrontReader(Accounts()).read_account(OWN)
    assert not isinstance(account.distributions, NotRead)
    (read,) = account.distributions
    assert (read.id, read.account, read.aliases) == (id_, OWN, ("www.example.com",))
    assert (read.default_root_object, read.cache_tag_header) == ("index.html", "x-tag")
    assert read.error_pages == ((404, "/404.html"),)
    assert [(each.path_pattern, each.target) for each in read.behaviors] == [("media/*", "one"), ("*", "both")]
    assert read.behaviors[0].functions == (("origin-request", EDGE, True),)
    assert [each.target.bucket for each in read.origins_of("both")] == ["acme-one", "acme-two"]
    assert [each.path for each in read.origins_of("one")] == ["/www"]
    assert [account.uses_query_strings(each) for each in read.behaviors] == [True, False]
    assert account.function_codes == {function: CODE.decode()}


def test_reader_reads_other_accounts_through_their_roles(aws: LocalAws) -> None:
    own, member = create(aws, distribution([origin("a-bucket")])), create(aws, distribution([origin("b")]), MEMBER)
    accounts = Accounts([ROLE])
    assert accounts.role_arns == {OWN: "", MEMBER: ROLE}
    read = [CloudFrontReader(accounts).read_account(account) for account in accounts.role_arns]
    ids = [[each.id for each in account.distributions if not isinstance(each, str)] for account in read]
    assert ids == [[own], [member]]


def test_accounts_refuse_two_roles_of_one_account(aws: LocalAws) -> None:
    assert aws
    with pytest.raises(PurgemapError, match="roles of one account"):
        Accounts([ROLE, f"arn:aws:iam::{MEMBER}:role/other"])


def test_reader_reads_all_pages_with_progress(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = {create(aws, distribution([origin("acme-www")])) for _ in range(120)}
    progress: list[tuple[int, int]] = []
    calls: list[int] = []
    reading, lock, original = set(), threading.Lock(), CloudFrontResponse.get_distribution_config

    def count(response: CloudFrontResponse) -> object:
        with lock:
            reading.add(threading.get_ident())
            calls.append(len(reading))
        try:
            return original(response)
        finally:
            with lock:
                reading.remove(threading.get_ident())

    monkeypatch.setattr(CloudFrontResponse, "get_distribution_config", count)
    account = CloudFrontReader(Accounts(), lambda done, total: progress.append((done, total))).read_account(OWN)
    assert not isinstance(account.distributions, NotRead)
    assert {each.id for each in account.distributions} == ids
    assert progress[-1] == (120, 120)
    assert (len(calls), max(calls) <= MAX_CONCURRENT_READS) == (120, True)


def test_reader_reads_tenants(aws: LocalAws) -> None:
    id_ = create(aws, distribution([origin("acme-www")], ConnectionMode="tenant-only"))
    domains = [{"Domain": "shop.example.com"}]
    aws.client("cloudfront").create_distribution_tenant(DistributionId=id_, Name="shop", Domains=domains)
    account = CloudFrontReader(Accounts()).read_account(OWN)
    assert not isinstance(account.tenants, NotRead)
    (tenant,) = account.tenants
    assert tenant[1:] == (OWN, "shop", ("shop.example.com",), id_, True, {})


def test_reader_reads_parameters_of_tenants_that_need_them(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = {"Name": "language", "Definition": {"StringSchema": {"Required": False, "DefaultValue": "en"}}}
    tenants: dict[str, Any] = {"ConnectionMode": "tenant-only", "TenantConfig": {"ParameterDefinitions": [definition]}}
    id_ = create(aws, distribution([origin("acme-www", "/{{language}}/{{customer}}")], **tenants))
    parameters = [{"Name": "customer", "Value": "acme"}]
    aws.client("cloudfront").create_distribution_tenant(
        DistributionId=id_, Name="shop", Domains=[{"Domain": "shop.example.com"}], Parameters=parameters
    )
    account = CloudFrontReader(Accounts()).read_account(OWN)
    assert not isinstance(account.tenants, NotRead)
    assert not isinstance(account.distributions, NotRead)
    assert account.distributions[0].defaults == {"language": "en"}
    assert account.tenants[0].parameters == {"customer": "acme"}
    deny(monkeypatch, "cloudfront:get_distribution_tenant")
    account = CloudFrontReader(Accounts()).read_account(OWN)
    assert not isinstance(account.tenants, NotRead)
    assert str(account.tenants[0].parameters) == "not read: needs cloudfront:GetDistributionTenant"


def test_reader_reads_websites_with_any_of_the_accounts(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = aws.client("s3", MEMBER)
    s3.create_bucket(Bucket="acme-web")
    website = {"IndexDocument": {"Suffix": "home.html"}, "ErrorDocument": {"Key": "errors/404.html"}}
    s3.put_bucket_website(Bucket="acme-web", WebsiteConfiguration=website)
    domains = [f"{bucket}.s3-website-us-east-1.amazonaws.com" for bucket in ("acme-web", "acme-gone")]
    create(aws, distribution([origin("", domain=domain, id_=domain) for domain in domains], [behavior(domains[0])]))
    websites = CloudFrontReader(Accounts([ROLE])).read_account(OWN).websites
    assert websites["acme-web"] == WebsiteConfig("home.html", "errors/404.html")
    assert "NoSuchBucket" in str(websites["acme-gone"])
    deny(monkeypatch, "s3:get_bucket_website")
    websites = CloudFrontReader(Accounts([ROLE])).read_account(OWN).websites
    assert str(websites["acme-web"]) == "not read: needs s3:GetBucketWebsite"


def test_reader_names_each_missing_permission(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    config = distribution(
        [origin("acme-www")],
        [behavior(functions=[("viewer-request", "arn:f")], policy="policy")],
        ConnectionMode="tenant-only",
    )
    id_ = create(aws, config)
    operations = ("get_distribution_config", "get_cache_policy", "get_function", "list_distribution_tenants")
    deny(monkeypatch, *(f"cloudfront:{operation}" for operation in operations))
    account = CloudFrontReader(Accounts()).read_account(OWN)
    assert not isinstance(account.distributions, NotRead)
    (read,) = account.distributions
    assert (read.id, read.is_tenant_only, read.origins[0].target.bucket) == (id_, True, "acme-www")
    assert str(read.default_root_object) == "not read: needs cloudfront:GetDistributionConfig"
    assert str(account.tenants) == "not read: needs cloudfront:ListDistributionTenants"
    assert str(account.uses_query_strings(read.behaviors[0])) == "not read: needs cloudfront:GetCachePolicy"
    assert account.function_codes["arn:f"] == NotRead("needs cloudfront:GetFunction", "cloudfront:GetFunction")


def test_reader_without_list_permission_reads_nothing(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    create(aws, distribution([origin("acme-www")]))
    deny(monkeypatch, "cloudfront:list_distributions")
    account = CloudFrontReader(Accounts()).read_account(OWN)
    assert str(account.distributions) == "not read: needs cloudfront:ListDistributions"


# moto's own errors must be of the service's model, which has no throttling.
THROTTLING = "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"


def test_reader_waits_when_throttled(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    create(aws, distribution([origin("acme-www")]))
    refusals, accounts = [BadRequest(THROTTLING)] * 8, Accounts()
    waits: list[float] = []
    original = CloudFrontResponse.get_distribution_config

    def throttle(response: CloudFrontResponse) -> object:
        if refusals:
            raise refusals.pop()
        return original(response)

    # botocore's own waits between its attempts are random, up to a minute together.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    monkeypatch.setattr(CloudFrontResponse, "get_distribution_config", throttle)
    account = CloudFrontReader(accounts, sleep=waits.append).read_account(OWN)
    assert not isinstance(account.distributions, NotRead)
    assert account.distributions[0].default_root_object == "index.html"
    assert waits == [2]


def test_bucket_is_read_with_its_region_and_notifications(aws: LocalAws) -> None:
    aws.create_site_bucket("acme-www")
    aws.client("s3", MEMBER).create_bucket(
        Bucket="acme.member", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    accounts = Accounts([ROLE])
    assert read_bucket(accounts, "acme-www") == BucketConfig("acme-www", "us-east-1", OWN, sends_to_event_bridge=True)
    state = read_bucket(accounts, "acme.member")
    assert isinstance(state, BucketConfig)
    assert (state.region, state.sends_to_event_bridge) == ("eu-central-1", False)
    assert read_bucket(accounts, "acme-nowhere") == MissingBucket("acme-nowhere")


def test_bucket_names_each_missing_permission(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.create_site_bucket("acme-www")
    deny(monkeypatch, "s3:get_bucket_notification")
    state = read_bucket(Accounts(), "acme-www")
    assert isinstance(state, BucketConfig)
    assert str(state.sends_to_event_bridge) == "not read: needs s3:GetBucketNotification"
    deny(monkeypatch, "s3:head_bucket")
    assert str(read_bucket(Accounts(), "acme-www")) == "not read: needs s3:ListBucket"


def test_event_bridge_is_enabled_beside_other_notifications(aws: LocalAws) -> None:
    s3, topic = aws.client("s3"), aws.client("sns").create_topic(Name="changes")["TopicArn"]
    s3.create_bucket(Bucket="acme-www")
    rule = {"Id": "images", "TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}
    rule["Filter"] = {"Key": {"FilterRules": [{"Name": "suffix", "Value": ".jpg"}]}}
    s3.put_bucket_notification_configuration(
        Bucket="acme-www", NotificationConfiguration={"TopicConfigurations": [rule]}
    )
    state = read_bucket(Accounts(), "acme-www")
    assert isinstance(state, BucketConfig)
    assert state.sends_to_event_bridge is False
    enable_event_bridge(Accounts(), state)
    after = s3.get_bucket_notification_configuration(Bucket="acme-www")
    assert (after["EventBridgeConfiguration"], after["TopicConfigurations"]) == ({}, [rule])


def test_enabling_event_bridge_names_a_missing_bucket(aws: LocalAws) -> None:
    assert aws
    gone = BucketConfig("acme-gone", "us-east-1", OWN, sends_to_event_bridge=False)
    with pytest.raises(PurgemapError, match=r"acme-gone.*NoSuchBucket") as raised:
        enable_event_bridge(Accounts(), gone)
    assert isinstance(raised.value.__cause__, ClientError)
