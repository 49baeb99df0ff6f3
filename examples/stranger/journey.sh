#!/usr/bin/env bash
# What somebody does who has never seen pybayeux: makes an extension, changes one line, tests it, builds it, installs
# it, and sees at a server what it does.
#
#     examples/stranger/journey.sh [CHECKOUT]
#
# Needs uv. Everything happens in a temporary folder, which is removed in the end, as is whatever was started.
set -euo pipefail

checkout=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../..}" && pwd)
folder=$(mktemp -d)
started=()

leave() {
    if [ ${#started[@]} -gt 0 ]; then
        kill "${started[@]}" 2>/dev/null || true
        wait "${started[@]}" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() {
    echo
    echo "== $*"
}

# until_so TEXT COMMAND...: repeats a command until its output has the text, for at most a minute.
until_so() {
    local text=$1 output deadline=$((SECONDS + 60))
    shift
    until output=$("$@" 2>&1) && [[ $output == *"$text"* ]]; do
        if [ $SECONDS -ge $deadline ]; then
            echo "no $text in: $output" >&2
            return 1
        fi
        sleep 0.1
    done
}

# get URL: what a server answers; no proxy is asked for one on this machine.
get() {
    python -c 'import sys, urllib.request as r
print(r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=5).read().decode())' "$1"
}

# The environment is this journey's own, whichever one is active where it begins.
unset VIRTUAL_ENV UV_PROJECT UV_PROJECT_ENVIRONMENT PYTHONPATH PYTHONHOME
for name in ${!PYBAYEUX_@} ${!PYTEST_@}; do unset "$name"; done
export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}" no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"
cd "$folder"

say "Install pybayeux, and the development server, into an environment made here"
uv venv --quiet --no-project --python '>=3.11' environment
export VIRTUAL_ENV="$folder/environment" PATH="$folder/environment/bin:$PATH"
for each in core extensions/{ack,auth,replay,devserver}; do # uv pip would take what it once built, however old
    uv build --quiet --wheel --out-dir wheels "$checkout/$each"
done
uv pip install --quiet wheels/*.whl

say "Make an extension"
pybayeux new-extension acme-tenant

say "Change one line: the value that the server is told"
cd acme-tenant
sed -i.before 's/value: str = "hello"/value: str = "tenant-7"/' src/acme_tenant/__init__.py
if diff src/acme_tenant/__init__.py{.before,}; then
    echo "the line is not there any more" >&2
    exit 1
fi
rm src/acme_tenant/__init__.py.before

say "Test it"
uv pip install --quiet -e '.[test]'
pytest --quiet

say "Build its wheel, and install that"
uv build --quiet --wheel --out-dir dist
ls dist
uv pip install --quiet --reinstall-package acme-tenant dist/acme_tenant-0.1.0-py3-none-any.whl
cd "$folder"
pybayeux extensions --json | python -c 'import json, sys
[found] = [each for each in json.load(sys.stdin) if each["name"] == "acme-tenant"]
print(found["dist"], found["version"], "is", found["state"])
sys.exit(found["state"] != "active")'

say "Start a server, listen, and publish"
pybayeux serve --port 0 >server.log &
started+=($!)
until_so "Bayeux server at" cat server.log
url=$(grep -oE 'http://[^ ]+/cometd' server.log | head -n 1)
pybayeux listen --count 1 "$url" /orders >events.jsonl &
listening=$!
started+=($listening)
until_so '"/orders"' get "${url%/cometd}/control/"
pybayeux publish "$url" /orders '{"item": "tea"}' >reply.json
wait $listening
cat events.jsonl

say "See what the server got"
get "${url%/cometd}/control/requests" | python -c 'import json, sys
messages = [message for request in json.load(sys.stdin) for message in request["messages"]]
[published] = [message for message in messages if message["channel"] == "/orders"]
print(json.dumps(published))
sys.exit(published["ext"].get("acme-tenant") != "tenant-7")'

say "Done"
echo "$SECONDS seconds"
