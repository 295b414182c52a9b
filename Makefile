# Hallkeeper. `make run` shows a living hall, `make help` lists the rest.
#
# Needs Go and Node; `make test` also needs a C compiler (the race detector), a
# browser and Mosquitto, which it installs itself where it may (root on Debian).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION   := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
GO        ?= go
GOFLAGS_LD = -ldflags "-X main.version=$(VERSION)"
RESULTS   := build/results

# Everything is built one way, static and without this machine's paths, so that what
# one target has compiled serves the next. Only the race detector needs cgo.
export CGO_ENABLED := 0
export GOFLAGS     := $(if $(findstring -trimpath,$(GOFLAGS)),$(GOFLAGS),$(strip $(GOFLAGS) -trimpath))

PROGRAMS := hub agent simulator
LINT     := build/bin/golangci-lint
TALLY    := build/bin/tally
RIG      := build/bin/rig
NPM_DONE := web-kiosk/node_modules/.installed
WEB_DONE := web-kiosk/dist/.built
HELP_DONE := web-kiosk/dist/.handbook
WEB_SRC  := $(shell find web-kiosk -type f -not -path 'web-kiosk/node_modules/*' -not -path 'web-kiosk/dist/*' \
              -not -path 'web-kiosk/e2e/*' -not -name '*.go' -not -name '*.md' 2>/dev/null)

# The handbook is set in a built page from documents all over the repository.
HELP_SRC := $(shell find docs firmware-config deploy -name '*.md' -o -name '*.svg' -o -path 'docs/*/img/*' -o -path 'docs/img/*') $(wildcard tools/handbook/*)

# Passed through to the programs, e.g. make run RUN_FLAGS='--speed 120 --history 7d'.
RUN_FLAGS   ?=
BENCH_FLAGS ?=
SEED        ?= $(shell date +%s)
KILLS       ?= 1000
CUTS        ?= 20
FRAMES      ?= 500
FUZZTIME    ?= 20s
SOAK        ?= 8h
SOCKETS     ?= 10000
FAULT_FLAGS ?=
IMAGE_FLAGS ?=

.PHONY: help
help: ## list these targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

# ---- building -------------------------------------------------------------

.PHONY: build
build: web $(PROGRAMS:%=bin/%) ## build bin/hub, bin/agent and bin/simulator

# Go itself knows what has changed; asking it costs a second.
.PHONY: $(PROGRAMS:%=bin/%)
bin/hub: $(HELP_DONE)
	@$(GO) build $(GOFLAGS_LD) -o $@ ./hub/cmd/hub
bin/agent:
	@$(GO) build $(GOFLAGS_LD) -o $@ ./agent/cmd/agent
bin/simulator:
	@$(GO) build $(GOFLAGS_LD) -o $@ ./simulator/cmd/simulator

# The agent as it is shipped: for a Pi and for a PC, without cgo.
.PHONY: agents
agents: ## build the static agents: build/agent-linux-arm64 and build/agent-linux-amd64
	for arch in arm64 amd64; do GOOS=linux GOARCH=$$arch $(GO) build $(GOFLAGS_LD) -o build/agent-linux-$$arch ./agent/cmd/agent; done

# Into build/packages; the same commit gives the same bytes.
ARCHES ?= amd64 arm64
.PHONY: packages
packages: $(HELP_DONE) $(NPM_DONE) ## build the Debian packages of hub, agent and screen (ARCHES='amd64 arm64')
	scripts/packages.sh build/packages $(ARCHES)

.PHONY: image-oci
image-oci: $(HELP_DONE) $(NPM_DONE) ## build the hub's container image into build/oci, from an empty base (ARCHES=…)
	scripts/image-oci.sh build/oci $(ARCHES)

# The module proxy is asked once; after that all comes from Go's cache.
BOARD     ?= standard
IMAGE      = build/image/hallkeeper-window_$(VERSION)_$(BOARD)
APPLIANCE := build/image/appliance
.PHONY: image
image: ## build the card image of a window computer into build/image (BOARD=standard, usb-window or tablet-window)
	@scripts/needs.sh image
	@rm -rf build/image
	$(GO) build -C deploy/appliance -o $(abspath $(APPLIANCE)) .
	$(APPLIANCE) build -version "$(VERSION)" -board $(BOARD)

.PHONY: web
web: $(HELP_DONE) ## build the pages and the handbook into web-kiosk/dist

$(NPM_DONE): web-kiosk/package-lock.json
	cd web-kiosk && npm ci --no-progress --loglevel=error
	@touch $@

$(WEB_DONE): $(NPM_DONE) $(WEB_SRC)
	cd web-kiosk && npm run --silent build
	@touch $@

$(HELP_DONE): $(WEB_DONE) $(HELP_SRC)
	@$(GO) run -C tools ./handbook -root .. -out ../web-kiosk/dist
	@touch $@

# The pictures come first: the handbook is not made without them, so the hub is built without it.
.PHONY: handbook-pictures
handbook-pictures: test-needs $(WEB_DONE) bin/agent ## take the handbook's pictures of the demonstration into docs/handbook/img
	$(GO) build $(GOFLAGS_LD) -o bin/hub ./hub/cmd/hub
	rm -f docs/handbook/img/*.webp
	cd web-kiosk && PICTURES=../docs/handbook/img node --test e2e/handbook.test.mjs

.PHONY: gen
gen: ## write what is generated from wire/: TypeScript types
	$(GO) run ./wire/gen -out web-kiosk/src/wire.gen.ts

.PHONY: drill
drill: ## the recovery drill of docs/handbook/zh/recovery.md, with the real programs
	$(GO) test -count=1 ./faults/devices -run TestASpareHubTakesOver
	$(GO) test -count=1 ./hub/cmd/hub -run TestScripts/backup

.PHONY: licences
licences: ## write docs/licences.md: the licences of what is shipped
	$(GO) run -C tools ./licences -root .. -out ../docs/licences.md

.PHONY: clean
clean: ## remove what was built (not ./data)
	rm -rf bin build web-kiosk/dist web-kiosk/node_modules

# ---- running --------------------------------------------------------------

.PHONY: run
run: build ## build all, then start a whole hall with simulated windows (RUN_FLAGS=…)
	@exec bin/hub demo --data ./data $(RUN_FLAGS)

# ---- testing --------------------------------------------------------------

.PHONY: test
test: test-go test-race test-web test-e2e ## all tests; says at the end how many passed and failed
	@$(TALLY) -sum $(RESULTS)/go $(RESULTS)/race $(RESULTS)/web $(RESULTS)/e2e

.PHONY: test-needs
test-needs:
	@scripts/needs.sh test

# The race detector looks where goroutines meet. Everywhere else it would find nothing,
# and costs three times the time. It needs a C compiler; scripts/needs.sh has looked for
# one. All of vet is among the linters (make lint), and is not asked in part here.
RACE := ./agent ./agent/appliance ./agent/board/... ./agent/identity ./agent/outbox ./agent/printer/... ./agent/uplink/... ./bench/loadgen \
        ./deploy/screen ./hub/app ./hub/attendance ./hub/backup ./hub/beacon ./hub/broker/... ./hub/courier/... ./hub/eventlog ./hub/gate \
        ./hub/ingest ./hub/live ./hub/push ./hub/signin/... ./hub/vault ./hub/view ./simulator/...
# Tests of many at once in packages that need no detector otherwise.
MANY := TestOneKeyHasOneEffect|TestReadersDoNotDisturbEachOther
# What the detector makes too slow runs without it: thousands of sockets, a gigabyte,
# published files, and (beside its short form under the detector) a day of 3,000 tickets.
SLOW := TestStrangersSockets|TestABodyOfAGigabyte|TestSentFilesAreMadeAgain|TestWhatWasPublishedIsProved|TestNoNameLeavesItsFolder

.PHONY: test-go
test-go: test-needs build $(TALLY) ## drift of the generated types, go test of all that test-race leaves
	$(GO) run ./wire/gen -out web-kiosk/src/wire.gen.ts -check
	@mkdir -p $(RESULTS)
	$(GO) test -vet=off -timeout 15m -json $$(comm -23 <($(GO) list ./... | sort) <($(GO) list $(RACE) | sort)) | $(TALLY) -into $(RESULTS)/go
	$(GO) test -vet=off -json -run '$(SLOW)|TestADayOfTickets' ./hub/app | $(TALLY) -into $(RESULTS)/go -append
	$(GO) test -C tools -count=1 -json ./... | $(TALLY) -into $(RESULTS)/go -append

.PHONY: test-race
test-race: test-needs $(WEB_DONE) $(TALLY) ## go test -race where goroutines meet
	@mkdir -p $(RESULTS)
	CGO_ENABLED=1 $(GO) test -race -vet=off -ldflags '-s -w' -timeout 15m -skip '$(SLOW)' -json $(RACE) | $(TALLY) -into $(RESULTS)/race
	CGO_ENABLED=1 $(GO) test -race -vet=off -ldflags '-s -w' -run '$(MANY)' -json ./hub/api ./hub/rating | $(TALLY) -into $(RESULTS)/race -append

.PHONY: test-web
test-web: $(NPM_DONE) $(TALLY) ## unit tests of the pages
	@mkdir -p $(RESULTS)
	cd web-kiosk && npm run --silent test 2>&1 | ../$(TALLY) -into ../$(RESULTS)/web

.PHONY: test-e2e
test-e2e: test-needs build $(NPM_DONE) $(TALLY) ## browser tests against the real hub
	@mkdir -p $(RESULTS)
	cd web-kiosk && npm run --silent e2e 2>&1 | ../$(TALLY) -into ../$(RESULTS)/e2e

.PHONY: test-office
test-office: ## open every document with LibreOffice and compare what it reads (build/office has the pages)
	@scripts/needs.sh office
	scripts/office.sh build/office $(OFFICE_FLAGS)

.PHONY: test-screen
test-screen: build ## live through years of a screen in one session: sway without a screen, Chromium, a hub (SHOTS=DIR keeps pictures)
	@scripts/needs.sh screen
	scripts/screen.sh

.PHONY: test-faults
test-faults: test-needs build ## kill hub, agents and broker at random (SEED=, KILLS=)
	$(GO) run ./faults/kill -seed $(SEED) -kills $(KILLS) $(FAULT_FLAGS)

.PHONY: test-powercut
test-powercut: build ## cut the power of a virtual machine under the hub (SEED=, CUTS=)
	@scripts/needs.sh powercut
	$(GO) run ./faults/powercut -seed $(SEED) -cuts $(CUTS) $(FAULT_FLAGS)

.PHONY: test-flood
test-flood: build ## hold thousands of idle websockets, slow callers and huge bodies against the hub (SOCKETS=)
	$(GO) run ./faults/flood -sockets $(SOCKETS) $(FAULT_FLAGS)

.PHONY: rig
rig: $(RIG) ## build the virtual window computer: an arm64 kernel with GPIO, the agent as for a Pi
	@scripts/needs.sh rig
	$(RIG) -build-only

.PHONY: test-rig
test-rig: build $(RIG) ## press, swipe, unplug, kill and cut the power of the virtual window computer (SEED=, FRAMES=)
	@scripts/needs.sh rig
	$(RIG) -seed $(SEED) -frames $(FRAMES) $(FAULT_FLAGS)

.PHONY: $(RIG)
$(RIG):
	@$(GO) build -o $@ ./faults/rig

# The version before: the last tag, and until there is one a commit from before the first release.
PREVIOUS ?= $(shell git describe --tags --abbrev=0 HEAD^ 2>/dev/null || echo b72bcce)

.PHONY: test-upgrade
test-upgrade: ## old agent with new hub, new agent with old hub, and data of every form that programs have written (PREVIOUS=commit)
	scripts/previous.sh $(PREVIOUS) build/previous
	$(GO) build -o build/own/ ./hub/cmd/hub ./agent/cmd/agent
	HALLKEEPER_PROGRAMS=$(CURDIR)/build/own HALLKEEPER_PREVIOUS=$(CURDIR)/build/previous $(GO) test -count=1 -v ./upgrade

.PHONY: test-packages
test-packages: ## install, upgrade, remove and purge the packages in a small Debian with systemd, start the image (INSTALL_FLAGS=-short)
	@scripts/needs.sh packages
	$(MAKE) --no-print-directory packages image-oci ARCHES="$$($(GO) env GOARCH)"
	scripts/lintian.sh build/packages
	for unit in deploy/systemd/*.service deploy/screen/*.service; do systemd-analyze security --offline=true --no-pager $$unit | tail -n 1; done
	$(GO) run ./faults/install $(INSTALL_FLAGS)

.PHONY: test-arm64
test-arm64: ## build the packages for arm64, look into them and run their programs under qemu-user
	@scripts/needs.sh test-arm64
	rm -f build/packages/*_arm64.deb
	$(MAKE) --no-print-directory packages ARCHES=arm64
	scripts/arm64.sh build/packages

.PHONY: test-image
test-image: bin/hub image ## start the card image under QEMU's Pi 3: enrol, cut the power, update, half an update (IMAGE_FLAGS=-short)
	@scripts/needs.sh test-image
	$(GO) test -C deploy/appliance ./...
	$(if $(filter -short,$(IMAGE_FLAGS)),,$(APPLIANCE) build -out build/image/next -version "$(VERSION)-next" -board $(BOARD))
	$(GO) run ./faults/appliance -image $(IMAGE).img -next build/image/next/hallkeeper-window_$(VERSION)-next_$(BOARD).root -next-version "$(VERSION)-next" $(IMAGE_FLAGS)

.PHONY: test-reproducible
test-reproducible: ## build packages and image twice, in two places, and compare them byte for byte
	$(MAKE) --no-print-directory packages image-oci ARCHES="$$($(GO) env GOARCH)"
	scripts/reproducible.sh build/packages build/oci "$$($(GO) env GOARCH)"

.PHONY: soak
soak: test-needs build ## the fault campaign for a long time (SOAK=8h)
	$(GO) run ./faults/kill -seed $(SEED) -for $(SOAK) $(FAULT_FLAGS)

.PHONY: fuzz
fuzz: ## every fuzz test for FUZZTIME each
	@scripts/fuzz.sh $(FUZZTIME)

.PHONY: bench
bench: build ## print the table of measurements with this machine's name
	$(GO) run ./bench $(BENCH_FLAGS)

# ---- checking -------------------------------------------------------------

# vue-tsc looks at the pages as they are built, which lint waits for.
.PHONY: lint
lint: $(LINT) $(WEB_DONE) $(NPM_DONE) ## golangci-lint, a test of its rules, vue-tsc
	$(LINT) run ./...
	cd tools && ../$(LINT) run -c ../.golangci.yml ./...
	cd deploy/appliance && ../../$(LINT) run -c ../../.golangci.yml ./...
	LINT=$(abspath $(LINT)) $(GO) test -C tools -count=1 ./lintcheck

# Compiled from the pinned source in tools/go.mod: three to five minutes once.
$(LINT): tools/go.mod tools/go.sum
	@echo "building golangci-lint, once (3 to 5 minutes)"
	$(GO) build -C tools -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

$(TALLY): $(wildcard tools/tally/*.go)
	@$(GO) build -C tools -o ../$@ ./tally
	@touch $@
