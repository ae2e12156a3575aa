# Every target sets up what it needs; nothing has to be run before.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help
help: ## Say what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: up
up: node docker kubectl ## Start everything here and deploy examples/getting-started from a git remote
	@node scripts/up/up.ts

.PHONY: down
down: node ## Stop and remove all that `make up` made, and nothing else
	@node scripts/up/down.ts

.PHONY: test
# CI also runs the tests that need a real kube-apiserver, which takes minutes to build; elsewhere they are skipped without one.
test: setup $(if $(filter true,$(CI)),kube-apiserver) ## Set up what is missing and run all tests
	@vitest run $(VITEST_FLAGS)

.PHONY: unit
unit: node ## Run the tests that need nothing but Node
	@vitest run --project unit

.PHONY: conformance
conformance: setup ## Hold our Kubernetes API against a real kube-apiserver
	@scripts/conformance.sh

.PHONY: bench
bench: setup ## Print the numbers of this machine, as ratios where there is something real to compare with
	@scripts/bench.sh

.PHONY: generate
generate: node ## Write crds/, the editor schema and docs/reference/ from controller/api
	@node scripts/generate.ts

.PHONY: verify
verify: node ## Types, lint, dead code, generated files
	@tsc --noEmit
	@biome check --error-on-warnings .
	@knip
	@node scripts/generate.ts --check

.PHONY: setup
setup: node docker images kubectl registry git-servers ## Bring every component that the tests use

.PHONY: node docker images kubectl registry git-servers kube-apiserver
node:
	@scripts/setup/node.sh
docker: node
	@scripts/setup/docker.sh
images: docker
	@scripts/setup/images.sh
kubectl: node
	@scripts/setup/kubectl.sh
registry:
	@scripts/setup/registry.sh
git-servers:
	@scripts/setup/git-servers.sh
kube-apiserver: node
	@scripts/setup/kube-apiserver.sh
