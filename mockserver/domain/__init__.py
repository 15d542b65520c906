"""The metering and billing rules: pure functions and values, without clock, random, I/O or wire spelling."""
