"""Where purgemap runs, as package data: CloudFormation and pipeline examples."""
