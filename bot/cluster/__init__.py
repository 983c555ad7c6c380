"""The bot on more than one machine, by Ray: the same two seams, `Drafter` and `Trainer`, on other machines.

    the bot's process          drafter  trainer     what the rest of the bot sees
                               link                 starts a gateway again and again, and talks with it in frames
    the gateway's process      gateway  fleet       the only process here that speaks with Ray
    a process of Ray, on any   replica              an engine of ours with its bases and voices
    machine                    learning             one training: the command line in a child process
                               storage              where voices lie for all machines

Ray ends a process that has lost the head of its cluster for too long. So the bot itself never holds a connection to it.
"""
