"""The writes of the orders."""
