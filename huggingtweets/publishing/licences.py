"""Whether a voice may have the licence that the settings give it: the licence of its base must allow that.

Knows the Hub's short names of licences. Does not know settings, cards or bases.
"""

# Licences that let a changed model be given away under any other licence.
PERMISSIVE = frozenset(
    {"apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "isc", "unlicense", "zlib", "pddl"}
)


def is_allowed(licence: str, base_licence: str) -> bool:
    """Returns True if a model on a base under `base_licence` may have `licence`. If that is "", all are allowed."""
    return not base_licence or base_licence in PERMISSIVE or base_licence == licence
