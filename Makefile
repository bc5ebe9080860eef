# The front door: `make demo` to see Moothall, `make test` to trust it, `make help` for the rest.
#
# Needs Python 3.11 or newer, make and a package index; nothing is installed outside this folder, but when run as root:
# Apertium by `make demo`, `make serve` and `make test`, Chromium, Node.js, strace, Redis, Valkey, ffmpeg and Java by
# `make test`, nginx, Caddy and HAProxy by `make test-all`. Every step leaves a stamp in .venv, so that a second run does nothing.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
JS := $(VENV)/js/node_modules
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
APT := RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0
# RUNLEVEL=1: packages that bring a service don't start it.

# Set only on the command line: a LANGUAGE or FILE that happens to be in the environment is not meant for us.
given = $(filter command,$(origin $(1)))
DEMO_ARGS := $(if $(call given,FILE),--file "$$FILE") $(if $(call given,LANGUAGE),--language "$$LANGUAGE") \
	$(if $(call given,PORT),--port "$$PORT") $(if $(call given,LAN),--lan)

# On a terminal the program gets a process group of its own, so that Ctrl-C stops it and not make,
# and a clean stop ends without an error line.
FOREGROUND := if [ -t 0 ]; then set -m; fi;

# Generated examples are the same in every run of `make test`; `make test-all` looks for new ones, and for more of them.
export HYPOTHESIS_PROFILE ?= ci
# Where it is set, each process that tests start compiles the whole source anew, and each worker all tests.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := $(BIN)/python -m pytest --durations=20
# More than twice as many as the two cores that a machine has at least: much of the time goes by in waiting for servers.
# Whoever has nothing left to do takes tests from another; tests/conftest.py has those first that take long.
WORKERS ?= 5
SIDE_BY_SIDE := --numprocesses=$(WORKERS) --dist=worksteal

# `make check` beside the tests: it keeps one core busy for a minute at most, and the tests wait much of their time. What
# it says is printed at once when it has ended, and again behind the tests where it found something.
CHECKED := $(VENV)/check.log
BESIDE := { $(MAKE) --no-print-directory check >$(CHECKED) 2>&1; found=$$?; cat $(CHECKED); exit $$found; } & \
	checks=$$!; trap 'kill $$checks' INT TERM;
BOTH := tested=$$?; if wait $$checks; then exit $$tested; else cat $(CHECKED); exit 1; fi

# What holds the gate of coverage: the tests of the pure layers themselves. They start no process and no browser.
GATED := unit/core unit/wire unit/record unit/models/speech unit/models/engine/test_session.py property/core/kernel/test_ids.py \
	property/core/kernel/test_persistent.py property/core/questions/test_floods.py property/wire/test_hub_records_laws.py \
	property/wire/test_token_bucket.py
GATE := --cov --cov-branch --cov-fail-under=100 --cov-report=term-missing:skip-covered
# Where one command asks for both, as `.ci/run` does, `make cover` runs these and `make test` the others: none runs twice.
HELD := $(if $(filter cover,$(MAKECMDGOALS)),$(addprefix --ignore=tests/,$(GATED)))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo demo-hub demo-cluster serve test test-all chaos fuzz check cover fix coverage bench pictures soak cluster-faults opinions lock audit release clean apertium chromium node strace redis ffmpeg java proxies FORCE

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 — /p' $(MAKEFILE_LIST)

demo: $(VENV)/.demo $(VENV)/.project apertium ## play a session as if it were live; FILE=talk.mp3 LANGUAGE=en PORT=8080 LAN=1
	@$(BIN)/moothall models fetch whisper-base
	@$(FOREGROUND) $(BIN)/moothall demo $(DEMO_ARGS)

demo-hub: $(VENV)/.demo $(VENV)/.project ## a hub beside a running `make demo`, in another terminal; HUB_PORT=8090 LAN=1
	@$(FOREGROUND) $(BIN)/moothall hub --beside data --data data/demo-hub --port $(if $(call given,HUB_PORT),"$$HUB_PORT",8090) \
		$(if $(call given,LAN),--lan,--host 127.0.0.1)

demo-cluster: $(VENV)/.demo $(VENV)/.cluster $(VENV)/.project apertium redis ## two servers of one house: kill one, the meeting goes on; FILE=talk.mp3 PORT=8080
	@$(BIN)/moothall models fetch whisper-base
	@$(FOREGROUND) $(BIN)/moothall demo-cluster $(if $(call given,FILE),--file "$$FILE") $(if $(call given,PORT),--port "$$PORT")

serve: $(VENV)/.demo $(VENV)/.project apertium ## run the server with config/moothall.toml
	@$(BIN)/moothall models fetch whisper-base
	@$(FOREGROUND) $(BIN)/moothall serve --config config/moothall.toml

test: $(VENV)/.dev $(VENV)/.project $(VENV)/.js apertium chromium strace redis ffmpeg java ## all checks and tests but the long ones
	@$(BIN)/moothall models fetch whisper-tiny.en
	@$(BESIDE) $(PYTEST) $(SIDE_BY_SIDE) -m "not chaos and not slow" $(HELD) $(ARGS); $(BOTH)

test-all: export HYPOTHESIS_PROFILE = long
test-all: $(VENV)/.dev $(VENV)/.project $(VENV)/.js apertium chromium strace redis ffmpeg java proxies check ## the long ones too
	@$(BIN)/moothall models fetch whisper-tiny.en whisper-base
	$(PYTEST) $(ARGS)

chaos: $(VENV)/.dev $(VENV)/.project ## kill server and engine over and over
	@$(BIN)/moothall models fetch whisper-tiny.en
	$(PYTEST) -m chaos $(ARGS)

fuzz: $(VENV)/.dev $(VENV)/.project $(VENV)/.fuzz ## guided by coverage, everything that reads strangers' bytes; SECONDS_EACH=600 TARGET=hub-batch
	PYTHONPATH=tools:bench $(BIN)/python -m fuzz $(if $(call given,TARGET),"$$TARGET") --seconds $(if $(call given,SECONDS_EACH),"$$SECONDS_EACH",600) $(ARGS)

check: $(VENV)/.dev $(VENV)/.project $(VENV)/.js ## lint, format, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if test -d $(JS); then set -x; $(JS)/.bin/tsc --project tests/tools && \
		NODE_PATH=$(JS) $(JS)/.bin/eslint --config tests/tools/eslint.config.cjs web/js tests/js tests/tools; fi

cover: $(VENV)/.dev $(VENV)/.project ## whether tests reach every branch of core, wire, record and speech
	$(PYTEST) $(SIDE_BY_SIDE) -m "not slow" $(GATE) $(ARGS) $(addprefix tests/,$(GATED))

fix: $(VENV)/.dev $(VENV)/.project ## mend what a tool can mend, and write the generated pages again
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/python tools/event_reference.py
	$(BIN)/python tools/record_reference.py
	$(BIN)/python tools/settings_reference.py
	$(BIN)/python tools/metrics_reference.py
	$(BIN)/python tools/hub_settings_reference.py
	$(BIN)/python tools/conformance.py
	$(BIN)/python tools/data_protection.py
	$(BIN)/python tools/licences.py

pictures: $(VENV)/.dev $(VENV)/.project chromium ## keep the pictures of tests/e2e/pages/test_pictures.py anew: look at what changed
	KEEP_PICTURES=1 $(PYTEST) -p no:randomly tests/e2e/pages/test_pictures.py
	@git status --short tests/pictures

coverage: $(VENV)/.dev $(VENV)/.project ## how much of everything the quick tests reach, with no gate
	$(PYTEST) -m "not chaos and not slow and not model and not browser" \
		--cov=moothall --cov=moothall_hub --cov=moothall_models --cov-branch $(ARGS)

bench: $(VENV)/.dev $(VENV)/.project ## measure; bench/README.md says how to read it; MT=FOLDER for how good translations are
	@$(BIN)/moothall models fetch whisper-base
	$(BIN)/python bench/speech.py $(ARGS)
	$(BIN)/python bench/translating.py config/sample/session.opus
	$(if $(call given,MT),$(BIN)/python bench/translation.py "$$MT")

soak: $(VENV)/.dev $(VENV)/.project ## five rooms for HOURS=24, killed and cut: memory flat, nothing lost? Adds a piece to bench/soak
	@$(FOREGROUND) $(BIN)/python bench/soak.py $(if $(call given,HOURS),--hours "$$HOURS") $(ARGS)

cluster-faults: $(VENV)/.dev $(VENV)/.project redis ## FAULTS=1000 random faults over nodes, Valkey, engine and hub: nothing lost? Adds a piece to bench/cluster
	@$(FOREGROUND) $(BIN)/python bench/cluster_faults.py $(if $(call given,FAULTS),--faults "$$FAULTS") $(ARGS)

opinions: $(VENV)/.opinions/.made ## ask red-dwarf again what groups of opinion there are in the tests' votes
	$(VENV)/.opinions/bin/python tools/opinion_reference.py

lock: ## pin the requirements again, newest versions; needs uv
	uv pip compile $(LOCK) --extra audio --extra engine --extra hub --extra oidc --extra translate -o requirements/demo.txt
	uv pip compile $(LOCK) --extra audio --extra engine --extra hub --extra oidc --extra translate --extra cluster --extra documents --extra otel --extra transducers --extra dev -c requirements/demo.txt -o requirements/dev.txt
	uv pip compile requirements/cluster.in $(PINNED) -c requirements/dev.txt -o requirements/cluster.txt
	uv pip compile requirements/documents.in $(PINNED) -c requirements/dev.txt -o requirements/documents.txt
	uv pip compile requirements/meaning.in $(PINNED) --no-deps -o requirements/meaning.txt
	uv pip compile requirements/otel.in $(PINNED) -c requirements/dev.txt -o requirements/otel.txt
	uv pip compile requirements/transducers.in $(PINNED) -c requirements/dev.txt -o requirements/transducers.txt
	uv pip compile requirements/fuzz.in $(PINNED) -o requirements/fuzz.txt
	uv pip compile requirements/opinions.in $(PINNED) -c requirements/dev.txt -o requirements/opinions.txt
	uv pip compile requirements/plover2cat.in $(PINNED) --no-deps -o requirements/plover2cat.txt
	uv pip compile requirements/audit.in $(PINNED) -o requirements/audit.txt

PINNED := --quiet --no-config --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url
LOCK := pyproject.toml requirements/build.in $(PINNED)

audit: $(VENV)/.audit/.made ## whether an advisory is known for a pinned package; asks the advisories' database over the network
	$(VENV)/.audit/bin/python tools/audit.py $(ARGS)

release: $(VENV)/.dev $(VENV)/.project ## wheel, sdist, list of what is in it (CycloneDX) and checksums, into dist/
	rm -rf dist
	$(BIN)/python -m hatchling build
	$(BIN)/python tools/bill_of_materials.py dist
	cd dist && sha256sum * > SHA256SUMS
	@ls -l dist

clean: ## take away .venv and what the tools left; sessions (data/) and weights stay
	rm -rf $(VENV) .coverage .coverage.* htmlcov build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find server hubs models tests bench tools -name __pycache__ -type d -prune -exec rm -rf {} +

# Set-up

ifneq ($(shell $(BIN)/python -c 'print(1)' 2>/dev/null),1)
$(VENV)/.made: FORCE
endif

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Moothall needs Python 3.11 or newer, and $(PYTHON) is older or missing: make PYTHON=python3.13 $(MAKECMDGOALS)'; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		need=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
		then $(APT) update && $(APT) install -y --no-install-recommends $$need; \
		else echo "$(PYTHON) comes without its venv module; on Debian and Ubuntu: sudo apt-get install $$need"; exit 1; fi; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.demo: requirements/demo.txt $(VENV)/.made
	$(PIP) install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.dev: requirements/dev.txt requirements/plover2cat.txt $(VENV)/.made
	$(PIP) install --require-hashes --no-deps -r $< -r requirements/plover2cat.txt
	@touch $(VENV)/.demo $@

$(VENV)/.cluster: requirements/cluster.txt $(VENV)/.made
	$(PIP) install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	$(PIP) install --require-hashes --no-deps -r $<
	@touch $@

# Apart, since what it needs may ask for other versions of what the server needs.
$(VENV)/.audit/.made: requirements/audit.txt $(VENV)/.made
	$(PYTHON) -m venv --clear $(VENV)/.audit
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)/.audit/bin/python -m pip install --quiet --require-hashes --no-deps -r $<
	@touch $@

# Apart too: only `make opinions` needs it.
$(VENV)/.opinions/.made: requirements/opinions.txt $(VENV)/.made
	$(PYTHON) -m venv --clear $(VENV)/.opinions
	PIP_DISABLE_PIP_VERSION_CHECK=1 $(VENV)/.opinions/bin/python -m pip install --quiet --require-hashes --no-deps -r $<
	@touch $@

$(VENV)/.project: pyproject.toml server/moothall/__init__.py $(VENV)/.made | $(VENV)/.demo
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Without it everything runs, but nothing is translated into Spanish: so nothing here fails.
apertium:
	@test -e /usr/share/apertium/modes/pt-es.mode || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) update && \
			$(APT) install -y --no-install-recommends apertium apertium-es-pt; \
		then :; \
		else echo 'Translating from and to Spanish needs Apertium; on Debian: sudo apt-get install --no-install-recommends apertium apertium-es-pt'; fi; }

chromium:
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		command -v google-chrome >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
		then $(APT) update && { $(APT) install -y --no-install-recommends chromium-headless-shell || \
			$(APT) install -y --no-install-recommends chromium; }; \
		else echo 'The browser tests need Chromium; on Debian: sudo apt-get install --no-install-recommends chromium-headless-shell'; exit 1; fi; }

node:
	@command -v npm >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
		then $(APT) update && $(APT) install -y --no-install-recommends nodejs npm; \
		else echo 'Some tests need Node.js and are skipped; on Debian: sudo apt-get install --no-install-recommends nodejs npm'; fi; }

strace:
	@command -v strace >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) update && \
			$(APT) install -y --no-install-recommends strace; \
		then :; \
		else echo 'The tests of a power cut need strace and are skipped; on Debian: sudo apt-get install strace'; fi; }

java:
	@command -v java >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) update && \
			$(APT) install -y --no-install-recommends default-jre-headless; \
		then :; \
		else echo 'The tests of e-books need Java and are skipped; on Debian: sudo apt-get install --no-install-recommends default-jre-headless'; fi; }

ffmpeg:
	@command -v ffmpeg >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) update && \
			$(APT) install -y --no-install-recommends ffmpeg; \
		then :; \
		else echo 'The tests of streams need ffmpeg and are skipped; on Debian: sudo apt-get install --no-install-recommends ffmpeg'; fi; }

# Each by itself: older releases of Debian have no Valkey. Only tests and `make demo-cluster` start them, on ports and with
# folders of their own.
redis:
	@for server in redis-server valkey-server; do command -v $$server >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) update && \
			$(APT) install -y --no-install-recommends $$server; \
		then :; \
		else echo "The tests of many machines need $$server and are skipped; on Debian: sudo RUNLEVEL=1 apt-get install --no-install-recommends $$server"; fi; }; done

# Only tests start them, on ports and with folders of their own.
proxies:
	@PATH="$$PATH:/usr/sbin:/usr/local/sbin"; for program in nginx caddy haproxy; do command -v $$program >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(APT) update && \
			$(APT) install -y --no-install-recommends $$program; \
		then :; \
		else echo "The tests behind proxies need $$program and are skipped; on Debian: sudo RUNLEVEL=1 apt-get install --no-install-recommends $$program"; fi; }; done

# Programs in JavaScript that only checks and tests run, pinned with hashes in tests/tools/package-lock.json.
$(VENV)/.js: tests/tools/package.json tests/tools/package-lock.json tests/tools/.npmrc $(VENV)/.made | node
	@if command -v npm >/dev/null; then \
		mkdir -p $(VENV)/js && cp tests/tools/package.json tests/tools/package-lock.json tests/tools/.npmrc $(VENV)/js && \
		npm ci --prefix $(VENV)/js --ignore-scripts --no-audit --no-fund && touch $@; fi
