"""Tables of tweets in any form: what a column means, whose the rows are, and where one tweet ends."""
