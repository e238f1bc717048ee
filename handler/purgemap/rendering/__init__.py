"""The map → the CloudFormation that runs it: event rules, rights, and the templates of `deploy/` with both."""
