"""The local page: the same commands as in Discord, without Discord. Knows Gradio, FastAPI and uvicorn."""
