"""The whole service on a virtual clock, with seeded trouble; `cd tests && python -m simulation SEED` replays a run."""
