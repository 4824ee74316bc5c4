"""What the frameworks cost when a view does nothing."""
