# The commands of the course. CI runs these and nothing else.
PYTHON ?= python3
# The environment's programs first: nbgrader looks up its own by name.
IN = PATH="$(CURDIR)/.venv/bin:$$PATH"

.DEFAULT_GOAL := help
.PHONY: help course setup book test check release grade figures bench

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

course:  ## read the book and do the exercises: installs, builds, starts one server and prints its address
	@$(PYTHON) tools/course.py start

setup:  ## .venv with the pinned requirements (every other command does this first)
	@$(PYTHON) tools/course.py setup

book: setup  ## build the book into _build/html
	@$(PYTHON) tools/course.py book

test: setup check  ## everything that guards the project
	$(IN) pytest -n 2 --dist loadfile --nbval-lax book  # executes the chapters; the book shows what this run produced
	$(IN) pytest -n 2 --dist loadfile

check: setup  ## lint and format, notebooks included
	$(IN) ruff check .
	$(IN) ruff format --check .

release: setup  ## write exercises/ from solutions/ (one chapter: make release STEM=perceptron)
	$(IN) autograder release $(STEM)

grade: setup  ## grade your own notebook, with the hidden tests (NOTEBOOK=work/perceptron/perceptron.ipynb)
	@test -n "$(NOTEBOOK)" || { echo "Which notebook? make grade NOTEBOOK=work/perceptron/perceptron.ipynb"; exit 2; }
	$(IN) autograder grade $(NOTEBOOK)

figures: setup  ## build the figures that move from coursekit/figures (needs Node.js 18 or newer, and Chromium)
	cd tools/figures && npm ci --ignore-scripts && node build.js
	$(IN) python tools/figures/pictures.py

bench: setup  ## side by side with stock nbgrader and otter-grader (QUICK=1: small sizes)
	$(IN) python -m benchmarks $(if $(QUICK),--quick)
