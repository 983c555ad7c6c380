"""Trainings that people and the clock ask for: jobs that wait, run in a child process, and end with a sentence."""
