"""The whole service on a virtual clock, with seeded faults; `cd tests && python -m simulation SEED` replays a run."""
