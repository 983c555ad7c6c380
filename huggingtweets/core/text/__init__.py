"""Characters, dates, patterns, and sentences for people, which can be said in any language. Knows no error."""
