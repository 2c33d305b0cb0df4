#!/usr/bin/env bash
# Sees to a C compiler, which Go's race detector links with.

. "$(dirname "$0")/lib.sh"

command -v "$(go env CC)" >/dev/null 2>&1 && exit 0
lock "$TOOLS/.lock"
packages "Install a C compiler." gcc libc6-dev
