"""Stand-ins for the services around purgemap; none imports purgemap, since they judge it."""
