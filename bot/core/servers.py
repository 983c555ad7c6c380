"""Where somebody asks for a voice: on a server of Discord, by its id, or at one of these places, which are no server.

Knows names. Does not know what may be said where.
"""

NO_SERVER = ""  # direct messages, posts
PAGE = "playground"  # the page, which has no commands to type
