// Faye at /bayeux: node faye_server.js [--port=0] [--timeout=ms] [--interval=ms]
import faye from 'faye';
import { isDenied, options, serve } from './harness.js';

const { port, timeout = 30000, interval = 0, ...unknown } = options();
if (Object.keys(unknown).length > 0) throw new Error(`unknown options: ${Object.keys(unknown)}`);

const bayeux = new faye.NodeAdapter({
  mount: '/bayeux',
  timeout: timeout / 1000,
  engine: { interval: interval / 1000 },
});

bayeux.addExtension({
  incoming(message, callback) {
    const denied = [message.channel, message.subscription].flat().find(isDenied);
    if (denied) message.error = `403:${denied}:Forbidden channel`;
    if (message.ext?.deny) message.error = '403::Handshake denied';
    callback(message);
  },
});

const sessions = new Map();
bayeux.on('handshake', (id) => sessions.set(id, new Set()));
bayeux.on('subscribe', (id, channel) => sessions.get(id)?.add(channel));
bayeux.on('unsubscribe', (id, channel) => sessions.get(id)?.delete(channel));
bayeux.on('disconnect', (id) => sessions.delete(id));

// Faye has no public way to publish without a client of its own, nor to drop a session.
const engine = bayeux._server._engine;

serve({
  publish: (channel, data) => engine.publish({ channel, data }),
  sessions: () => [...sessions].map(([id, channels]) => ({
    id,
    subscriptions: [...channels].sort(),
    held: engine.hasConnection(id),
  })),
  drop: (id) => engine.destroyClient(id),
}, mount, port);

function mount(server) {
  bayeux.attach(server);
  // Faye never reads a GET to its end, so since Node 16 one that is broken off while its connect is held is an error to
  // it; Faye answers that with a 500, and dies of a second answer when the connect's time is up.
  server.prependListener('request', (request) => {
    if (request.method === 'GET') request.resume();
  });
}
