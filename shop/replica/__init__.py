"""The read replica: who reads from it, whether it is fit, and how long it may take."""
