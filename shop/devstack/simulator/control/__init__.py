"""The routes under /_sim: what a test or a developer does to the simulator."""
