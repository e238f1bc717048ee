"""What tests share: payloads, deployments, doubles of AWS, independent oracles."""
