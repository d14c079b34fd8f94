"""Which skill answers a request: rules first, then a distilled student, then the model."""

from .router import Embeds, Judges, Route, Router, Source

__all__ = ["Embeds", "Judges", "Route", "Router", "Source"]
