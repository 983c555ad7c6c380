"""The commands on Discord, one module a family: their options, and the words of their answers."""
