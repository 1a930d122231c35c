"""What is measured side by side, each with `python -m benchmarks.NAME`."""
