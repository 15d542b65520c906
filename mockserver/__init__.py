"""A mock server with real state for usage-metering and billing APIs."""
