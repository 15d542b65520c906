"""What a `contracts.toml` asks for, as tests of pytest; nothing here is imported before such a file is met."""
