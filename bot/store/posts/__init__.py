"""Posts on networks, what people made of them, and who mentions the accounts there."""
