# `make` lists the targets. GNU make 3.81, which macOS brings, is enough.
#
# All paths are relative, and every tool is started as a module of the environment's Python: a folder's name may hold
# spaces or Chinese characters, which would break the first line of an installed script.

# The Python that makes the environment, e.g. `make PYTHON=python3.13 lab`.
PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
# Written when everything is installed, and not before: an interrupted installation is taken up again.
INSTALLED := .venv/.installed
# PyTorch's own builds without CUDA, for `make TORCH=cpu lab`.
CPU_WHEELS := https://download.pytorch.org/whl/cpu

.PHONY: help lab first run playground test test-pages site handout bench lint format links notebooks readme translations weights clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

lab: $(INSTALLED) ## open the course in JupyterLab (options: LAB_ARGS=...)
	$(VENV_PYTHON) -m jupyterlab --LabApp.default_url=/lab/tree/notebooks/01_architecture.ipynb $(LAB_ARGS)

first: $(INSTALLED) ## train LeNet-5 for one epoch and draw what it reads: build/first_result.png
	$(VENV_PYTHON) tools/first_result.py

run: $(INSTALLED) ## run all notebooks without a browser, with a table of what they reach; HTML in build/
	$(VENV_PYTHON) tools/run_course.py

test: $(INSTALLED) ## run the unit tests, and every notebook against its committed outputs (options: TEST_ARGS=...)
	$(VENV_PYTHON) -m pytest --nbval $(TEST_ARGS)

playground: $(INSTALLED) ## write pages on which the trained networks read what you draw: build/playground
	$(VENV_PYTHON) tools/playground.py

site: $(INSTALLED) ## turn the course into a web site: build/site
	$(VENV_PYTHON) -m pip install --quiet -r requirements-pages.txt
	$(VENV_PYTHON) tools/build_site.py

handout: $(INSTALLED) ## write copies of the notebooks without solutions: build/handout
	$(VENV_PYTHON) tools/handout.py

test-pages: site ## run the tests that need a browser, after `make site` (Debian: apt install chromium)
	$(VENV_PYTHON) -m pytest tests/browser $(TEST_ARGS)

bench: $(INSTALLED) ## measure what training costs, side by side: a quarter of an hour on a quiet machine
	$(VENV_PYTHON) tools/bench.py
	$(VENV_PYTHON) tools/levers.py

lint: $(INSTALLED) ## check style and format
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

format: $(INSTALLED) ## mend what lint finds, where a machine can
	$(VENV_PYTHON) -m ruff check --fix .
	$(VENV_PYTHON) -m ruff format .

# The address is part of pyproject.toml, but there is nothing to install when it changes.
links: $(INSTALLED) ## rewrite badges and setup cells: REPO=owner/name TAG=v1.0
	$(VENV_PYTHON) tools/links.py $(if $(REPO),--repo "$(REPO)") $(if $(TAG),--tag "$(TAG)")
	@touch $(INSTALLED)

notebooks: $(INSTALLED) ## run notebooks and keep their outputs (all, or NOTEBOOKS="notebooks/01_...")
	$(VENV_PYTHON) tools/execute.py $(NOTEBOOKS)

readme: $(INSTALLED) ## fill the measured figures into README and the notebooks' boxes
	$(VENV_PYTHON) tools/readme.py

translations: $(INSTALLED) ## bring notebooks/zh in step with notebooks, and list what is not translated (DONE="NAME/CELL")
	$(VENV_PYTHON) tools/translations.py $(if $(DONE),--done $(DONE))

weights: $(INSTALLED) ## train the networks whose weights the course carries
	$(VENV_PYTHON) tools/weights.py

clean: ## remove what can be made again, but for the environment (rm -r .venv)
	rm -rf build .cache .pytest_cache .ruff_cache *.egg-info
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +

# An environment without a working pip is one that was interrupted, or whose Python is gone: it is made anew.
$(INSTALLED): requirements.txt pyproject.toml
	@$(VENV_PYTHON) -m pip --version > /dev/null 2>&1 || { \
	  "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "$(PYTHON) is missing or older than Python 3.11. Name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; \
	    exit 1; }; \
	  "$(PYTHON)" -c 'import ensurepip, venv' 2> /dev/null || { \
	    echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv" >&2; \
	    echo "(for a Python beside the system's own, its name: python3.12-venv)" >&2; \
	    exit 1; }; \
	  echo "Making the virtual environment .venv"; \
	  "$(PYTHON)" -m venv --clear .venv; }
ifeq ($(TORCH),cpu)
	grep -E '^torch(vision)?[<>=]' requirements.txt > .venv/torch.txt
	$(VENV_PYTHON) -m pip install --index-url $(CPU_WHEELS) -r .venv/torch.txt
endif
	$(VENV_PYTHON) -m pip install -r requirements.txt
	@touch $@
