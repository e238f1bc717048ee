"""What AWS documents of DynamoDB's transactions. Each test, over HTTP, fails with moto alone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from purgemap.demo.local_aws import LocalAws

pytest_plugins = ["support.local_aws_fixtures"]

TABLE = "objects"


def test_failing_transaction_keeps_other_writes(aws: LocalAws) -> None:
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )

    def write(number: int, **condition: Any) -> None:
        put = {"TableName": TABLE, "Item": {"key": {"S": str(number)}}, **condition}
        dynamodb.transact_write_items(TransactItems=[{"Put": put}])

    def write_or_fail(number: int) -> None:
        if number % 2:
            write(number)
        else:
            try:
                write(number, ConditionExpression="attribute_exists(absent)")
            except dynamodb.exceptions.TransactionCanceledException:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_or_fail, range(200)))
    assert dynamodb.scan(TableName=TABLE, Select="COUNT")["Count"] == 100
