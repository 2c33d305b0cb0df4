# What every bootstrap step shares; sourced, never run.
#
# A step makes one folder under build/tools. It builds in a temporary folder
# beside it, writes the stamp there, and moves the whole into place with one
# rename: a folder with the right stamp is whole, anything else is made anew.
# One lock serialises the steps of concurrent makes.

set -euo pipefail

REPO=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# POSTERN_TOOLS moves the tools elsewhere (the tests do); build/tools is the rule.
TOOLS=${POSTERN_TOOLS:-$REPO/build/tools}
STEP=$(basename "$0" .sh)
TMP=""

# shellcheck source=../versions.env
. "$REPO/tools/versions.env"

say() { printf '%s: %s\n' "$STEP" "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# on_exit removes what an interrupted step has begun.
on_exit() { [ -z "$TMP" ] || rm -rf "$TMP"; }
trap on_exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# system names the machine's system, for messages.
system() {
	if [ -r /etc/os-release ]; then
		(. /etc/os-release && printf '%s' "${PRETTY_NAME:-Linux}")
	else
		uname -s -m
	fi
}

# need PROGRAM WHY: the program is on PATH, or the step ends and names it.
need() {
	command -v "$1" >/dev/null 2>&1 || die "'$1' is missing on $(system); it is needed $2"
}

# at_least HAVE WANT: dotted version numbers compared as numbers.
at_least() {
	local have want i
	IFS=. read -ra have <<<"$1"
	IFS=. read -ra want <<<"$2"
	for i in "${!want[@]}"; do
		local h=${have[i]:-0} w=${want[i]}
		[[ $h =~ ^[0-9]+$ ]] || return 1
		((10#$h > 10#$w)) && return 0
		((10#$h < 10#$w)) && return 1
	done
	return 0
}

# need_go: a Go that the module accepts, else a message instead of a compiler's error.
need_go() {
	need go "to build (https://go.dev/dl)"
	local want have
	want=$(sed -n 's/^go //p' "$REPO/go.mod")
	have=$(cd "$REPO" && go env GOVERSION 2>/dev/null) || have=$(GOTOOLCHAIN=local go env GOVERSION)
	have=${have#go}
	at_least "${have%%[!0-9.]*}" "$want" || die "Go $want or later is needed, found $have (https://go.dev/dl)"
}

# lock FILE: one process at a time holds FILE's lock; it ends with the process,
# however that ends.
lock() {
	mkdir -p "$(dirname "$1")"
	if command -v flock >/dev/null 2>&1; then
		exec 9>"$1"
		flock -n 9 && return
		say "waiting for another make"
		flock 9
		return
	fi
	# Without flock (macOS): a folder that holds its owner's process id.
	LOCKDIR=$1.d
	until mkdir "$LOCKDIR" 2>/dev/null; do
		local owner
		owner=$(cat "$LOCKDIR/pid" 2>/dev/null || true)
		if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
			rm -rf "$LOCKDIR"
			continue
		fi
		sleep 1
	done
	echo $$ >"$LOCKDIR/pid"
	trap 'on_exit; rm -rf "$LOCKDIR"' EXIT
}

# stamp_of FILE...: the text that a whole tool's stamp holds. It changes with
# every file that says how the tool is made.
stamp_of() { cat "$@" | cksum; }

# whole NAME STAMP: build/tools/NAME is complete and was made in this way.
whole() { [ "$(cat "$TOOLS/$1/.stamp" 2>/dev/null)" = "$2" ]; }

# begin NAME: TMP is a fresh folder on the same file system; remains of
# interrupted steps go.
begin() {
	rm -rf "$TOOLS/.$1".new.*
	TMP=$(mktemp -d "$TOOLS/.$1.new.XXXXXX")
	chmod 755 "$TMP"
}

# finish NAME STAMP: the stamp goes in first, then one rename makes it whole.
finish() {
	printf '%s\n' "$2" >"$TMP/.stamp"
	rm -rf "${TOOLS:?}/$1"
	mv "$TMP" "$TOOLS/$1"
	TMP=""
}

# logged COMMAND...: its output goes to the step's log, its status comes back.
logged() {
	mkdir -p "$TOOLS/log"
	"$@" >"$TOOLS/log/$STEP.log" 2>&1 </dev/null
}

# quietly WHAT COMMAND...: one line of progress; the end of the log is shown
# only on failure.
quietly() {
	local what=$1 start=$SECONDS
	shift
	say "$what"
	if ! logged "$@"; then
		tail -n 20 "$TOOLS/log/$STEP.log" >&2
		die "failed: $what (on $(system); whole output in $TOOLS/log/$STEP.log)"
	fi
	((SECONDS - start < 10)) || say "done in $((SECONDS - start)) s"
}

# packages WHY NAME...: Debian packages, only those that are missing.
# Where they cannot be had, the message says which and what to do instead.
packages() {
	local why=$1 missing=() p
	shift
	if ! command -v apt-get >/dev/null 2>&1; then
		die "no apt-get on $(system) to install $* with. $why"
	fi
	for p in "$@"; do
		dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | grep -q '^ii' || missing+=("$p")
	done
	((${#missing[@]})) || return 0
	local sudo=()
	if [ "$(id -u)" != 0 ]; then
		sudo -n true 2>/dev/null || die "needs ${missing[*]}; run: sudo apt-get install ${missing[*]}"
		sudo=(sudo -n)
	fi
	export DEBIAN_FRONTEND=noninteractive
	local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends)
	apt-cache show "${missing[@]}" >/dev/null 2>&1 || quietly "reading the package lists" "${apt[@]}" update
	for p in "${missing[@]}"; do
		apt-cache show "$p" >/dev/null 2>&1 || die "no package $p on $(system). $why"
	done
	say "installing ${missing[*]}"
	if ! logged "${apt[@]}" install "${missing[@]}"; then
		# Old lists, or an install that was cut off: put both right, once.
		logged "${sudo[@]}" dpkg --configure -a || true
		quietly "reading the package lists" "${apt[@]}" update
		quietly "installing ${missing[*]}" "${apt[@]}" install "${missing[@]}"
	fi
}
