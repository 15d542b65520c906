# Sourced by the scripts beside it: where the tree is, and how .venv comes to be.
# The scripts run from any directory; all that they need beyond apt is in requirements.lock.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
VENV="$ROOT/.venv"
STAMP="$VENV/.set-up"                 # fingerprint of the set-up that was finished
LOCK="$ROOT/.set-up.lock"             # held while a set-up runs
UNFINISHED="$ROOT/.set-up.unfinished" # there while a set-up runs, and after one that was interrupted
OLDEST_PYTHON='(3, 11)'
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# as_root COMMAND...: as it is for root, through sudo for others.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        say "cannot run '$*': this user is not root and there is no sudo"
        return 1
    fi
}

# apt_install PACKAGE...: Debian packages; fails with a message where that cannot be done.
apt_install() {
    if ! command -v apt-get >/dev/null 2>&1; then
        say "cannot install $*: this machine has no apt-get"
        return 1
    fi
    say "installing $* with apt"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# new_enough PYTHON: whether it is a Python that the project runs on.
new_enough() { "$1" -c "import sys; sys.exit(sys.version_info < $OLDEST_PYTHON)" >/dev/null 2>&1; }

# find_python: prints the first Python that is new enough.
find_python() {
    local candidate
    for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
        if new_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# ready_python: prints a Python that can make a virtual environment, installed by apt when there is none.
ready_python() {
    local python
    if ! python="$(find_python)"; then
        apt_install python3 python3-venv || die "install Python 3.11 or newer, with its venv module, and try again"
        python="$(find_python)" || die "apt's python3 is older than 3.11: install Python 3.11 or newer and try again"
    fi
    if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        # Debian keeps ensurepip in a package of its own, named after the Python's version.
        apt_install "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv" ||
            die "$python cannot make virtual environments: install its venv module and try again"
    fi
    printf '%s\n' "$python"
}

# fingerprint: changes with whatever the set-up depends on; the place counts too, as an environment cannot be moved.
fingerprint() { { printf '%s\n' "$ROOT"; cat "$ROOT/requirements.lock" "$ROOT/pyproject.toml"; } | sha256sum; }

set_up_is_current() { [ ! -e "$UNFINISHED" ] && [ "$(cat "$STAMP" 2>/dev/null)" = "$1" ] && [ -x "$VENV/bin/python" ]; }

# working_environment: whether .venv has a Python that is new enough, and pip.
working_environment() { new_enough "$VENV/bin/python" && "$VENV/bin/python" -m pip --version >/dev/null 2>&1; }

make_environment() {
    local python
    python="$(ready_python)"
    say "making $VENV with $python"
    rm -rf "$VENV"
    "$python" -m venv "$VENV"
}

install_everything() {
    local pip=("$VENV/bin/python" -m pip install --quiet)
    say "installing the locked packages (a minute or so, the first time)"
    "${pip[@]}" --require-hashes -r "$ROOT/requirements.lock"
    "${pip[@]}" --no-deps -e "$ROOT"
}

# carry_out FINGERPRINT: the set-up itself. One that was cut short may have left half a package: .venv is made anew then.
carry_out() {
    local interrupted=no
    if [ -e "$UNFINISHED" ]; then interrupted=yes; fi
    touch "$UNFINISHED"
    if [ "$interrupted" = yes ] || ! working_environment; then make_environment; fi
    rm -f "$STAMP"
    install_everything
    printf '%s\n' "$1" >"$STAMP"
    rm -f "$UNFINISHED"
}

# set_up: .venv holds what the lock says, or the script ends. Nothing is done when nothing has changed.
# One set-up works at a time; the others wait for it and find their work done.
# Call it as a plain command: in a condition, or beside || and &&, the shell would not stop at a failed step.
set_up() {
    local wanted
    wanted="$(fingerprint)"
    if set_up_is_current "$wanted"; then return; fi
    (
        trap 'code=$?; [ $code -eq 0 ] || say "the set-up did not finish; the next run starts it afresh"; exit $code' EXIT
        flock 9
        if ! set_up_is_current "$wanted"; then carry_out "$wanted"; fi
    ) 9>"$LOCK"
}

# What runs on Node: Prism, a mock server without state, for the bench and tests; and a judge of HTML.
NODE_TOOLS=('@stoplight/prism-cli@5.16.0' 'html-validate@9.7.1')

# install_node_tools: puts them into node_modules, all at once, since npm takes out what it was not told to put there.
install_node_tools() {
    local tool
    for tool in "${NODE_TOOLS[@]}"; do
        if [ ! -f "$ROOT/node_modules/${tool%@*}/package.json" ]; then
            say "installing ${NODE_TOOLS[*]}"
            npm install --prefix "$ROOT" --no-save --no-package-lock --no-audit --no-fund --loglevel=error \
                "${NODE_TOOLS[@]}" >/dev/null
            return
        fi
    done
}
