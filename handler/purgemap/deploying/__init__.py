"""The map and its function → a CloudFormation stack that runs them, by way of a change set."""
