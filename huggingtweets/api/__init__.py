"""What programs call: a voice draws tweets, a voice is learned. The command line calls the same."""
