"""Find the calls to AWS in source code, as IAM's actions.

Every client is botocore's, so a call is an attribute with an operation's name.
"""

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

# The operations whose action has another name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html#API_HeadObject_RequestSyntax
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "sqs:SendMessageBatch": ("sqs:SendMessage",),
    "s3:HeadObject": ("s3:GetObject", "s3:ListBucket"),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    "dynamodb:TransactWriteItems": ("dynamodb:UpdateItem",),
    "s3:HeadBucket": ("s3:ListBucket",),
    "s3:PutPublicAccessBlock": ("s3:PutBucketPublicAccessBlock",),
    "s3:PutBucketEncryption": ("s3:PutEncryptionConfiguration",),
}

# Past invalidations are read to count a day's paths, for max_paths_per_day.
INVALIDATION_ACTIONS = {
    f"cloudfront:{call}{target}"
    for call in ("CreateInvalidation", "GetInvalidation", "ListInvalidations")
    for target in ("", "ForDistributionTenant")
}


def calls_of(trees: Iterable[ast.AST], services: Iterable[str]) -> set[str]:
    """Find the actions of the operations of some services that the code names."""
    words = {word for tree in trees for word in code_words(tree)}
    return {
        action
        for service in services
        for name, operation in _operations(service).items()
        if name in words
        for action in _ACTIONS.get(f"{service}:{operation}", (f"{service}:{operation}",))
    }


def parse_file(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def code_words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


@functools.cache
def _operations(service: str) -> dict[str, str]:
    model: Any = botocore.session.get_session().get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}
