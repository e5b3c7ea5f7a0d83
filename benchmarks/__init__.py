"""Side by side with stock nbgrader and otter-grader: `make bench`. README.md says what is measured and how."""
