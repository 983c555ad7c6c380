"""The desk, at which admins work. Knows requests. Does not know what follows from a decision."""
