"""The process: people in, tweets out. Everything it knows about models comes from `huggingtweets`."""
