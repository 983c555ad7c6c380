"""What everything else may use: settings, errors, events, names, plain values, whole files. Knows no other folder."""
