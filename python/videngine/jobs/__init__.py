"""Durable jobs: what is accepted is finished or fails with a reason, whatever dies in between."""
