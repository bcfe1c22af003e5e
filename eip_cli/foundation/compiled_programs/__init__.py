"""The programs that XLA compiles, kept from one process to the next."""
