"""Incidents: what is done when a model does harm, in order: freeze, give the traffic back, set apart, keep evidence."""

from driftgate.incidents.bundle import export_bundle
from driftgate.incidents.incident import Incident, find_incident, incidents, open_incident
from driftgate.incidents.response import freeze_promotions, give_back_traffic, set_apart

__all__ = [
    "Incident",
    "export_bundle",
    "find_incident",
    "freeze_promotions",
    "give_back_traffic",
    "incidents",
    "open_incident",
    "set_apart",
]
