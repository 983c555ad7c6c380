"""What everything else may use: errors, events, records, whole files, and four rooms. Knows no other folder."""
