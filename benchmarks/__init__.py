"""Measurements side by side with the peers. Nothing here is part of the product."""
