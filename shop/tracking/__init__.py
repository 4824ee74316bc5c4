"""Where parcels are: one way to ask, whichever service knows. No models here."""

from shop.tracking.trace import STATES, Trace, TraceStep, TraceUnavailable
from shop.tracking.traces import trace_of

__all__ = ["STATES", "Trace", "TraceStep", "TraceUnavailable", "trace_of"]
