"""What every API module uses: envelope, errors, pages, parsing, limits, schema."""
