"""`python -m huggingtweets` is the command line."""

from huggingtweets.cli.main import main

if __name__ == "__main__":
    main()
