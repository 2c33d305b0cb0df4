#!/usr/bin/env bash
# Makes build/tools/lint: the linters of tools/lint.mod, built once.

. "$(dirname "$0")/lib.sh"

MODFILE=$REPO/tools/lint.mod

need_go
stamp="$(go env GOVERSION) $(stamp_of "$REPO"/tools/bootstrap/{lib.sh,lint.sh} "$MODFILE" "${MODFILE%.mod}.sum")"
whole lint "$stamp" && exit 0
lock "$TOOLS/.lock"
whole lint "$stamp" && exit 0
begin lint
cd "$REPO"
quietly "building the linters, a few minutes" \
	env GOFLAGS= GOWORK=off go build -buildvcs=false -modfile="$MODFILE" -mod=readonly -trimpath -o "$TMP/" tool
finish lint "$stamp"
say "ready: $(sed -n 's|.*github.com/golangci/golangci-lint/v2 \(v[0-9.]*\).*|golangci-lint \1|p' "$MODFILE")"
