// The part of a web page that callback-polling needs, for Node: an element `script` loads and runs what it names.
// Neither client can poll in this way without one; with it, their own code for this transport runs as in a browser.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import vm from 'node:vm';

const cookies = new Map();

/** Gives the program a `window` and a `document` whose head runs scripts, as of a page at this URL. */
export function becomePage(url) {
  const head = {
    appendChild(script) {
      script.parentNode = head;
      load(script);
    },
    removeChild(script) {
      script.parentNode = null;
    },
  };
  globalThis.window = globalThis;
  globalThis.location = new URL(url);
  globalThis.document = {
    createElement: (name) => ({ name }),
    getElementsByTagName: () => [head],
  };
}

/** Runs a file of an installed package as a page does: what it declares is global. */
export function runScript(file) {
  vm.runInThisContext(readFileSync(createRequire(import.meta.url).resolve(file), 'utf8'));
}

async function load(script) {
  try {
    const response = await fetch(script.src, { headers: { Cookie: [...cookies.values()].join('; ') } });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      cookies.set(pair.split('=')[0], pair);
    }
    const type = response.headers.get('content-type') ?? '';
    if (!response.ok || !type.startsWith('text/javascript')) throw new Error(`${response.status} ${type}`);
    vm.runInThisContext(await response.text());
  } catch (error) {
    script.onerror?.({ type: 'error', error });
  }
}
