"""The facts of the known networks, a file each: made from the networks, and held against them by tests."""
