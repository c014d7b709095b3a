"""Programs that measure. Each prints a table; `make bench` runs all and writes docs/benchmarks.md."""
