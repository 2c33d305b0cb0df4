#!/usr/bin/env bash
# Makes build/tools/clients: the client libraries whose signatures the tests hold the
# module to, each in its own language, at the versions that testdata/clients pins.
#
# go/clients is a program; node and python hold what sign.mjs and sign.py import.

. "$(dirname "$0")/lib.sh"

CLIENTS=$REPO/testdata/clients
INSTEAD="Put Node.js 20 or later with npm, and Python 3.10 or later with venv, on PATH."

need_go
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
	packages "$INSTEAD" nodejs npm
fi
if ! python3 -c 'import venv, ensurepip' >/dev/null 2>&1; then
	packages "$INSTEAD" python3 python3-venv
fi
NODE=$(node --version)
at_least "${NODE#v}" 20 || die "Node.js 20 or later is needed, found $NODE on $(system). $INSTEAD"

go_client() { (cd "$CLIENTS/go" && GOFLAGS=-mod=readonly GOWORK=off go build -buildvcs=false -o "$TMP/go/clients" .); }

node_clients() {
	mkdir -p "$TMP/node"
	cp "$CLIENTS/node/package.json" "$CLIENTS/node/package-lock.json" "$CLIENTS/node/sign.mjs" "$TMP/node/"
	(cd "$TMP/node" && npm ci --ignore-scripts --no-audit --no-fund)
}

# The libraries go into a folder, not into a virtual environment, which could not be moved.
python_clients() {
	python3 -m venv "$TMP/venv"
	"$TMP/venv/bin/pip" install --only-binary :all: --target "$TMP/python" -r "$CLIENTS/python/requirements.txt"
	cp "$CLIENTS/python/sign.py" "$TMP/python/"
	rm -rf "$TMP/venv"
}

stamp="$NODE $(python3 -c 'import sys; print(sys.version_info[:2])') $(stamp_of "$REPO"/tools/bootstrap/{lib.sh,clients.sh} "$CLIENTS"/{go,node,python}/*.*)"
whole clients "$stamp" && exit 0
lock "$TOOLS/.clients.lock"
whole clients "$stamp" && exit 0
mkdir -p "$TOOLS"
begin clients
quietly "building the Go client" go_client
quietly "installing the Node clients" node_clients
quietly "installing the Python clients" python_clients
finish clients "$stamp"
say "ready: client libraries of Go, Node and Python"
