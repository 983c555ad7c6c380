"""Far ends that are asked over the network: what can go wrong there, X's API, and what reading it costs."""
