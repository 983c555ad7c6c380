"""One module a step, numbered in the order in which they run. A step that was released is never changed."""
