"""Which skill answers a request: rules first, then the most similar labelled examples."""

from .router import Embeds, Route, Router, Source

__all__ = ["Embeds", "Route", "Router", "Source"]
