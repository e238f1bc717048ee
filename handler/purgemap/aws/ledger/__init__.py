"""The edges of the content ledger over botocore. Only a map with `skip_unchanged` loads them."""

from purgemap.aws.ledger.object_heads import AwsObjectHeads
from purgemap.aws.ledger.table import AwsLedgerTable

__all__ = ["AwsLedgerTable", "AwsObjectHeads"]
