"""What makes a person recognisable, and what tells drawn tweets from real ones. Knows no models."""
