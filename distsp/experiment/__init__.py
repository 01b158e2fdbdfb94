"""A run as validated data, from TOML and to TOML."""
