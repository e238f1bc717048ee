"""An AWS that runs in this process, for the demo and the tests."""
