"""Public reads: bytes ready to send, kept for seconds, dropped when staff edit."""
