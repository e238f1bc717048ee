"""The bucket that an origin's domain names."""

import pytest

from purgemap.aws.inspection import OriginKind, parse_origin_domain

REST, WEBSITE, UNDECIDABLE, OTHER = OriginKind.REST, OriginKind.WEBSITE, OriginKind.UNDECIDABLE, OriginKind.OTHER


@pytest.mark.parametrize(
    ("domain", "kind", "bucket", "region"),
    [
        ("acme.s3.amazonaws.com", REST, "acme", ""),
        ("acme.s3.eu-central-1.amazonaws.com", REST, "acme", "eu-central-1"),
        ("acme.s3-eu-west-1.amazonaws.com", REST, "acme", "eu-west-1"),
        ("acme.s3.dualstack.us-east-1.amazonaws.com", REST, "acme", "us-east-1"),
        ("acme.s3-fips.dualstack.us-gov-west-1.amazonaws.com", REST, "acme", "us-gov-west-1"),
        ("acme.s3-accelerate.amazonaws.com", REST, "acme", ""),
        ("acme.s3-external-1.amazonaws.com", REST, "acme", ""),
        ("acme.s3.cn-north-1.amazonaws.com.cn", REST, "acme", "cn-north-1"),
        ("acme.s3.eusc-de-east-1.amazonaws.eu", REST, "acme", "eusc-de-east-1"),
        ("WWW.Acme.COM.s3.Amazonaws.com.", REST, "www.acme.com", ""),
        ("a.s3.s3.us-east-1.amazonaws.com", REST, "a.s3", "us-east-1"),
        ("x.s3-website.s3.amazonaws.com", REST, "x.s3-website", ""),
        ("acme.s3-website-us-east-1.amazonaws.com", WEBSITE, "acme", "us-east-1"),
        ("www.acme.com.s3-website.eu-central-1.amazonaws.com", WEBSITE, "www.acme.com", "eu-central-1"),
        ("acme.s3-website.cn-north-1.amazonaws.com.cn", WEBSITE, "acme", "cn-north-1"),
        ("point-123456789012.s3-accesspoint.us-east-1.amazonaws.com", UNDECIDABLE, "", ""),
        ("mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com", UNDECIDABLE, "", ""),
        ("lambda-123456789012.s3-object-lambda.us-east-1.amazonaws.com", UNDECIDABLE, "", ""),
        ("point-abc123-s3alias.s3.us-east-1.amazonaws.com", UNDECIDABLE, "", ""),
        ("fast--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", UNDECIDABLE, "", ""),
        ("s3.eu-west-1.amazonaws.com", UNDECIDABLE, "", ""),
        ("api.acme.com", OTHER, "", ""),
        ("acme.s3.amazonaws.com.evil.com", OTHER, "", ""),
        ("balancer.us-east-1.elb.amazonaws.com", OTHER, "", ""),
        ("abc.execute-api.us-east-1.amazonaws.com", OTHER, "", ""),
    ],
)
def test_domain_names_its_bucket(domain: str, kind: OriginKind, bucket: str, region: str) -> None:
    assert parse_origin_domain(domain) == (kind, bucket, region)
