"""Sheets that staff import and export: one mechanism, run by the worker in parts."""
