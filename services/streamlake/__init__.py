"""StreamLake: events over HTTP, kept by Kafka, landed exactly once in a raw zone that anyone can read."""

__version__ = "0.1.0"
