# shellcheck shell=bash
# Set-up shared by the scripts beside this file. Source it, then call
#
#   set_up          what it takes to run Moothall
#   set_up dev      the same and the tools for tests and checks
#
# and use "$VENV/bin/...". Sets PROJECT (the project's folder) and VENV (its .venv).
#
# Rules of this file:
# - Standard output belongs to the caller's program; everything said here goes to standard error.
# - A finished set-up leaves a stamp; while the stamp fits, set_up starts one Python and nothing
#   else: no pip, no network, no writing.
# - Nothing is half done: an environment whose set-up was cut short is made anew.
# - pip and apt-get use whatever the machine has set for them; their addresses are not printed.

set -euo pipefail
unset CDPATH
{ true <&0; } 2>/dev/null || exec </dev/null # started with standard input closed

PROJECT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$PROJECT/.venv
STAMP=$VENV/moothall-set-up   # "HASH EXTRAS" of the set-up that was completed
OPEN=$VENV/moothall-unfinished # there from the first change until the stamp is written
LOG=$VENV/moothall-set-up.log

say() { printf '%s\n' "$*" >&2; }

stop() {
    say "$*"
    exit 1
}

# explain "$@": where help is asked for, prints the comment at the head of the script, and ends.
explain() {
    case ${1-} in
        -h | --help) sed -n '2,/^[^#]/s/^# \{0,1\}//p' -- "$0" && exit 0 ;;
    esac
}

# --- Python and what libraries need to be built ------------------------------------------------

is_recent_python() {
    "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' </dev/null >/dev/null 2>&1
}

# Prints the first Python of version 3.11 or newer; fails if there is none.
find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13; do
        if command -v "$name" >/dev/null && is_recent_python "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

has_compiler() { command -v cc >/dev/null || command -v gcc >/dev/null; }

has_python_headers() {
    "$1" -I -c 'import pathlib, sys, sysconfig
sys.exit(not pathlib.Path(sysconfig.get_path("include"), "Python.h").is_file())' </dev/null
}

has_gmp() {
    if has_compiler; then
        printf '#include <gmp.h>\n' | "$(command -v cc || command -v gcc)" -E - >/dev/null 2>&1
    else
        compgen -G '/usr/include/gmp.h' >/dev/null || compgen -G '/usr/include/*/gmp.h' >/dev/null
    fi
}

has_venv() { "$1" -I -c 'import ensurepip, venv' </dev/null >/dev/null 2>&1; }

# Prints the Debian packages that are still missing for the Python $1, in one line.
missing_packages() {
    local missing=()
    has_compiler || missing+=(build-essential)
    has_python_headers "$1" || missing+=(python3-dev)
    has_gmp || missing+=(libgmp-dev)
    has_venv "$1" || missing+=(python3-venv)
    printf '%s' "${missing[*]}"
}

is_root() { [ "$(id -u)" -eq 0 ]; }
has_sudo() { command -v sudo >/dev/null && sudo -n true </dev/null >/dev/null 2>&1; }
has_apt() { command -v apt-get >/dev/null; }

apt_get() {
    if is_root; then
        DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" </dev/null
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 "$@" </dev/null
    fi
}

# Sees to it that libraries can be built with the Python $1, installing packages where we may.
ensure_build_tools() {
    local missing output
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
    if ! has_apt; then
        say "Moothall's libraries are built here and need a C compiler and the headers of Python and gmp."
        stop "Please install them (on Debian: $missing) and start again."
    fi
    if ! is_root && ! has_sudo; then
        say "Moothall's libraries are built here and need Debian packages that are missing: $missing."
        say "Please install them and start again:"
        stop "    sudo apt-get install $missing"
    fi
    say "Installing Debian packages that Moothall's libraries need: $missing."
    # shellcheck disable=SC2086  # the packages are separate words
    if ! { apt_get update >/dev/null 2>&1 || true; output=$(apt_get install --no-install-recommends $missing 2>&1); }; then
        printf '%s\n' "$output" | tail -n 5 | without_addresses >&2
        say "apt-get failed; nothing else was changed. Please put that right, or run this, and start again:"
        stop "    sudo apt-get install $missing"
    fi
    missing=$(missing_packages "$1")
    [ -z "$missing" ] || stop "$1 still misses what $missing should bring. Please install it for that Python and start again."
}

# Installs Debian packages if we may; fails, with a sentence, if we may not or it does not work.
#   try_to_install WHAT_FOR PACKAGE...
try_to_install() {
    local purpose=$1 output
    shift
    if ! has_apt || { ! is_root && ! has_sudo; }; then
        say "For $purpose, Debian packages are missing that can't be installed from here: $*."
        say "    sudo apt-get install $*"
        return 1
    fi
    say "Installing Debian packages for $purpose: $*."
    if ! { apt_get update >/dev/null 2>&1 || true; output=$(apt_get install --no-install-recommends "$@" 2>&1); }; then
        printf '%s\n' "$output" | tail -n 5 | without_addresses >&2
        say "apt-get failed. Please put that right, or run this:"
        say "    sudo apt-get install $*"
        return 1
    fi
}

has_chromium() { command -v chromium >/dev/null; }

# Sees to it that there is a browser for pages to be looked at in; fails if there can't be one.
ensure_chromium() { has_chromium || try_to_install "the browser" chromium; }

# Also where only root's PATH looks, as Debian has it.
has_program() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

# Sees to it that tests can make hosts with cables between them; fails if they can't.
ensure_network_tools() {
    local missing=()
    has_program ip || missing+=(iproute2)
    has_program nft || missing+=(nftables)
    [ ${#missing[@]} -eq 0 ] || try_to_install "networks between hosts" "${missing[@]}"
}

# --- the environment ---------------------------------------------------------------------------

without_addresses() {
    sed -E -e '/^Looking in (indexes|links)/d' -e 's#[a-z+]+://[^ "'\'']*#(address)#g' -e "s#host='[^']*'#host=(hidden)#g"
}

# Prints what the stamp must hold: the project's file, its place, and the environment's Python.
wanted_stamp() {
    "$VENV/bin/python" -I -S -c 'import hashlib, pathlib, sys
seen = hashlib.sha256(pathlib.Path(sys.argv[1], "pyproject.toml").read_bytes())
seen.update(repr((sys.argv[1], sys.version_info[:2])).encode())
print(seen.hexdigest())' "$PROJECT" </dev/null 2>/dev/null
}

# True if the environment is complete, for this folder, this pyproject.toml and the extras $1.
is_set_up() {
    local hash extras wanted
    [ -f "$STAMP" ] && [ ! -e "$OPEN" ] && [ -x "$VENV/bin/moothall" ] || return 1
    read -r hash extras <"$STAMP" || return 1
    wanted=$(wanted_stamp) || return 1
    [ "$hash" = "$wanted" ] && { [ "$extras" = dev ] || [ "$1" != dev ]; }
}

# True if .venv is an environment made for this folder that works.
is_usable() {
    [ ! -e "$OPEN" ] && [ -f "$STAMP" ] && [ "$(cat "$VENV/moothall-place" 2>/dev/null)" = "$PROJECT" ] &&
        is_recent_python "$VENV/bin/python" && "$VENV/bin/python" -I -m pip --version </dev/null >/dev/null 2>&1
}

make_venv() {
    if [ -e "$VENV" ]; then
        say "The environment in .venv is incomplete or was made elsewhere; making it anew."
    else
        say "Making a Python environment in .venv."
    fi
    mkdir -p "$VENV"
    : >"$OPEN"
    "$1" -I -m venv --clear "$VENV" </dev/null >&2 ||
        stop "$1 could not make an environment in $VENV; see above."
    : >"$OPEN" # --clear took it away
    printf '%s\n' "$PROJECT" >"$VENV/moothall-place"
}

pip_install() {
    (cd "$PROJECT" && "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check -e "$1") \
        </dev/null >"$LOG" 2>&1
}

install_project() {
    local what=. started=$SECONDS
    [ "$1" != dev ] || what='.[dev]'
    say "Installing Moothall and its libraries; the first time this takes a minute or two."
    : >"$OPEN"
    if ! pip_install "$what"; then
        # pip undoes what it did when it fails; only an interrupted one leaves a mess. An
        # environment that has never been complete keeps the mark and is made anew.
        [ ! -f "$STAMP" ] || rm -f "$OPEN"
        tail -n 12 "$LOG" | without_addresses >&2
        stop "Installing failed; the last lines above say why, the whole of it is in $LOG. Start again once that is put right."
    fi
    # trio-typing, which libp2p still asks for, brings stubs for the trio of 2023; they hide the
    # types that trio itself has from mypy. Its module stays, libp2p imports it.
    rm -rf "$VENV"/lib/python3.*/site-packages/{trio,outcome,async_generator}-stubs
    printf '%s %s\n' "$(wanted_stamp)" "${1:-run}" >"$STAMP.new"
    mv "$STAMP.new" "$STAMP"
    rm -f "$OPEN"
    say "Installed in $((SECONDS - started)) s; the next start skips this."
}

# Runs alone: two scripts started at once must not build one environment.
set_up_alone() {
    local python extras=$1 old
    trap 'stop "Stopped in the middle of setting up; the next start begins that anew."' INT TERM HUP
    ! is_set_up "$extras" || return 0 # done by whoever we waited for
    python=$(find_python) || stop "Moothall needs Python 3.11 or newer and found none. On Debian 12: sudo apt-get install python3 python3-venv"
    ensure_build_tools "$python"
    if is_usable; then
        read -r _ old <"$STAMP" || true
        [ "$old" != dev ] || extras=dev # never take the tools away again
    else
        make_venv "$python"
    fi
    install_project "$extras"
}

set_up() {
    local extras=${1:-}
    ! is_set_up "$extras" || return 0
    # The lock is the project's folder itself, so that no file is left; pip inherits it, so that
    # an orphaned pip still holds it.
    (
        if command -v flock >/dev/null && ! flock -n 9; then
            say "Another set-up is under way here; waiting for it."
            flock 9
        fi
        set_up_alone "$extras"
    ) 9<"$PROJECT"
}
