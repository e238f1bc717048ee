"""Every figure of the project, each a ratio inside one run: `make bench`."""

from bench import routing_cost


def main() -> None:
    """Run each benchmark in turn."""
    routing_cost.main()


if __name__ == "__main__":
    main()
