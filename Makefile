# Everything that one does with Muster. Needs Python 3.11 to 3.14; the rest is installed into .venv.
#
#   make run                  Muster on this machine, with sample data and a rollout to watch  [PORT=4566]
#   make test                 all tests, and policies against what they asked AWS for          [ARGS=tests/unit]
#   make check                format, lint, types, imports, template, OpenAPI document
#   make bench                capacity units, calls and times, on DynamoDB's own engine
#   make cases                requests made from the OpenAPI document: what it calls valid is taken
#   make mutants              small changes of the rules that no test notices; minutes to hours [ONLY=states] [LONG=1]
#   make pictures             take the pictures of pages and mails anew; needs a Chromium of Debian
#   make deploy STAGE=dev MAIL_FROM=training@example.com [ALARM_EMAIL=ops@example.com] [MAIL_RATE=14] [PUBLIC_URL=https://...]
#                             [DOMAIN=training.example.com CERTIFICATE=arn:aws:acm:us-east-1:...]
#                             [WORKER_CONCURRENCY=10] [MAILER_CONCURRENCY=31] [API_CONCURRENCY=0]
#                             what is not said stays as it was; ADOPT="CoreTable=name ..." goes on with what an earlier stack kept
#   make first-admin STAGE=dev MSP="Name of the MSP" EMAIL=admin@example.com
#   make courses STAGE=dev MSP=01M... FILE=courses.json    the course library of an MSP (msp_id, as first-admin prints it)
#   make doctor STAGE=dev     what a stage's account and its parts are like, and what to do    [MAIL_FROM=] [MAIL_RATE=]
#   make cost CLIENTS=25 LEARNERS=100000 MAILS=200000 LOGINS=100000    a month's bill            [COURSES=1] [INVITED=0]
#   make clean                remove what was made here: environment, caches, local cloud and its data

PYTHON ?= $(shell command -v python3.11 || command -v python3)
# An option of a command, if it was said at all: empty is said, too.
option = $(if $(filter undefined,$(origin $(2))),,--$(1)="$($(2))")
PORT ?= 4566
ALL_TESTS := tests --ignore=tests/bench --ignore=tests/cases
ARGS ?= $(ALL_TESTS)

BIN := .venv/bin
INSTALLED := .venv/installed

# Modules are compiled when they are first imported, once for all processes, whatever the environment says. To compile
# all that is installed would take as long as to install it.
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test check check-template check-types check-rules bench cases mutants pictures deploy doctor cost courses first-admin clean

run: $(INSTALLED)
	@$(BIN)/python -m infra.local --port $(PORT)

# A file of tests stays with one process. Two of them wait for deployments most of the time (tests/conftest.py), so that
# two cores have enough to do.
test: $(INSTALLED)
	@rm -rf .muster/calls
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder -p infra.call_recorder $(ARGS)
	@test "$(ARGS)" != "$(ALL_TESTS)" || $(BIN)/python -m infra.check_policies

# The template and the types take as long as all the rest, so they run at once.
check: $(INSTALLED)
	@$(MAKE) --no-print-directory -j 3 check-template check-types check-rules

check-types:
	$(BIN)/mypy

check-template:
	$(BIN)/python -m infra.check_template

check-rules:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/structure -k openapi

bench: $(INSTALLED)
	$(BIN)/python -m tests.bench

# Thousands of requests made from the OpenAPI document, in some two minutes.
cases: $(INSTALLED)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --upgrade --target .muster/cases \
		-r requirements-cases.txt
	PYTHONPATH=.muster/cases $(BIN)/python -m pytest -W ignore tests/cases

mutants: $(INSTALLED) .muster/mutation-tool/installed
	@nice -n 19 $(BIN)/python -m tests.mutants --tool .muster/mutation-tool/bin $(if $(LONG),--long) \
		$(if $(ONLY),--only $(ONLY))

.muster/mutation-tool/installed: requirements-mutants.txt
	@$(BIN)/python -m venv .muster/mutation-tool
	@.muster/mutation-tool/bin/pip install -qq --disable-pip-version-check -r requirements-mutants.txt
	@touch $@

pictures: $(INSTALLED)
	MUSTER_PICTURES=1 $(BIN)/python -m pytest tests/e2e/test_pages.py tests/e2e/test_mail_pictures.py \
		tests/e2e/test_tour.py tests/stories/portal/test_pictures.py

deploy: $(INSTALLED)
	$(BIN)/python -m infra.deploy --stage "$(STAGE)" $(call option,mail-from,MAIL_FROM) \
		$(call option,alarm-email,ALARM_EMAIL) $(call option,mail-rate,MAIL_RATE) $(call option,public-url,PUBLIC_URL) \
		$(call option,adopt,ADOPT) $(call option,domain,DOMAIN) $(call option,certificate,CERTIFICATE) $(call option,answers-domain,ANSWERS_DOMAIN) \
		$(call option,worker-concurrency,WORKER_CONCURRENCY) \
		$(call option,mailer-concurrency,MAILER_CONCURRENCY) $(call option,api-concurrency,API_CONCURRENCY)

# Before the first deployment it has to be told the sender; afterwards the stage knows it.
doctor: $(INSTALLED)
	@$(BIN)/python -m infra.doctor --stage "$(STAGE)" --mail-from "$(MAIL_FROM)" --mail-rate "$(MAIL_RATE)"

cost: $(INSTALLED)
	@$(BIN)/python -m infra.cost --clients "$(CLIENTS)" --learners "$(LEARNERS)" --mails "$(MAILS)" --logins "$(LOGINS)" \
		--courses "$(or $(COURSES),1)" --invited "$(or $(INVITED),0)"

# FILE= is a list of courses like infra/sample/courses.json.
courses: $(INSTALLED)
	$(BIN)/python -m infra.courses --stage "$(STAGE)" --msp "$(MSP)" --file "$(FILE)"

first-admin: $(INSTALLED)
	$(BIN)/python -m infra.first_admin --stage "$(STAGE)" --msp "$(MSP)" --email "$(EMAIL)"

clean:
	rm -rf .venv .muster .chalice/deployments .hypothesis .*_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installs again only when what is required has changed.
$(INSTALLED): requirements.txt requirements-certificates.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
		{ echo "Muster needs Python 3.11 to 3.14; name it: make PYTHON=/path/to/python3.13 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing what Muster needs into .venv; this happens once."
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }
	@$(BIN)/python -m pip install -qq --no-compile --disable-pip-version-check -r requirements-dev.txt
	@touch $@
