"""Commands and clicks: who may do what, what was asked, and how it is answered, once."""
