"""Two maps → what the step from one to the other means, for text and for a pull request."""
