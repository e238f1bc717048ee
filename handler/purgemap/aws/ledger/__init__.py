"""The calls of the content ledger: DynamoDB and HeadObject. Loaded only if the map asks for a ledger."""
