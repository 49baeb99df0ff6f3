// What every server here has in common: options, the control path, the READY line, and an end with its parent.
import http from 'node:http';

/** The options `--name=value` of the command line; numbers become numbers. */
export function options() {
  const pairs = process.argv.slice(2).map((argument) => {
    const match = /^--([^=]+)=(.*)$/.exec(argument);
    if (!match) throw new Error(`not --name=value: ${argument}`);
    const number = Number(match[2]);
    return [match[1], Number.isNaN(number) ? match[2] : number];
  });
  return Object.fromEntries(pairs);
}

/** Dies with its parent: when standard input closes, no process is left to stop this one. */
export function exitWithParent() {
  process.stdin.on('end', () => process.exit(0)).resume();
}

/** What every server of these tests refuses: subscribing and publishing below /denied. */
export const isDenied = (channel) => String(channel).startsWith('/denied/');

/**
 * Starts an HTTP server with the control path and prints READY <port>.
 *
 * @param {{publish: function(string, any), sessions: function(): object[], drop: function(string)}} control
 * @param {function(http.Server)} attach adds the Bayeux server; the control path answers what it leaves
 * @param {number} port 0 for any free one
 */
export function serve(control, attach, port = 0) {
  const server = http.createServer((request, response) => answer(control, request, response));
  attach(server);
  server.listen(port, '127.0.0.1', () => console.log(`READY ${server.address().port}`));
  exitWithParent();
}

async function answer(control, request, response) {
  const url = new URL(request.url, 'http://localhost');
  const route = routes[`${request.method} ${url.pathname}`];
  const result = route && await route(control, Object.fromEntries(url.searchParams), request);
  response.writeHead(route ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(result ?? null));
}

const routes = {
  'POST /control/publish': async (control, { channel, count, size, start, rate, spread, replay }, request) => {
    const members = { payload: 'x'.repeat(Number(size)), ...JSON.parse(await text(request) || '{}') };
    const emit = (i) => {
      const seq = Number(start) + i;
      const event = replay ? { event: { replayId: seq + 1 } } : {};
      const to = Number(spread) > 0 ? `${channel}/${seq % Number(spread)}` : channel;
      control.publish(to, { ...members, ...event, seq, t: epochNanoseconds() });
    };
    if (Number(rate) > 0) paced(Number(count), Number(rate), emit);
    else for (let i = 0; i < Number(count); i++) emit(i);
    return { published: Number(count) };
  },

  'POST /control/send': async (control, { channel }, request) => {
    control.publish(channel, JSON.parse(await text(request)));
    return { published: 1 };
  },

  'GET /control/sessions': (control) => control.sessions(),

  'POST /control/drop': (control, { session }) => {
    const ids = control.sessions().map(({ id }) => id).filter((id) => session === undefined || id === session);
    ids.forEach((id) => control.drop(id));
    return { sessions: ids.length };
  },
};

/** Emits at a rate (events per second) without ever falling behind the clock for good. */
function paced(count, rate, emit) {
  const begin = performance.now();
  let next = 0;
  const step = () => {
    const due = Math.min(count, 1 + Math.floor((performance.now() - begin) * rate / 1000));
    while (next < due) emit(next++);
    if (next < count) setTimeout(step, begin + next * 1000 / rate - performance.now());
  };
  step();
}

// A double cannot hold today's nanoseconds exactly: the last three digits are rounded.
const epochNanoseconds = () => Math.round((performance.timeOrigin + performance.now()) * 1000) * 1000;

async function text(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
