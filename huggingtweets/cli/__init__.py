"""The command line. Knows arguments, output and exit codes. Does not know how anything is done."""
