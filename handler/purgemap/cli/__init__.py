"""The purgemap command: one file per subcommand."""
