"""The database itself: connections, transactions, migrations, and one leader among the processes that share it."""
