// cometd-nodejs-server at /cometd: node cometd_node_server.js [--port=0] [--timeout=ms] [--maxInterval=ms] ...
import cometd from 'cometd-nodejs-server';
import extensions from 'cometd-nodejs-server/ack-extension.js';
import { isDenied, options, serve } from './harness.js';

const { port, ...settings } = options();
const bayeux = cometd.createCometDServer(settings);
bayeux.addExtension(new extensions.AcknowledgedMessagesExtension());
bayeux.policy = {
  canHandshake: (session, message, callback) => callback(undefined, !message.ext?.deny),
  canCreate: (session, message, channel, callback) => callback(undefined, !isDenied(channel)),
  canSubscribe: (session, message, channel, callback) => callback(undefined, !isDenied(channel.name)),
  canPublish: (session, message, channel, callback) => callback(undefined, !isDenied(channel.name)),
};

const sessions = new Map();
const held = new Set();
bayeux.addListener('sessionAdded', (session) => {
  sessions.set(session.id, session);
  session.addListener('suspended', () => held.add(session.id));
  session.addListener('resumed', () => held.delete(session.id));
});
bayeux.addListener('sessionRemoved', (session) => sessions.delete(session.id));

serve({
  publish: (channel, data) => bayeux.createServerChannel(channel).publish(null, data),
  sessions: () => [...sessions.values()].map(describe),
  // The disconnect message that disconnect() queues is never delivered: the session is gone by then.
  drop: (id) => sessions.get(id).disconnect(),
}, mount, port);

function describe({ id, subscriptions }) {
  return { id, subscriptions: subscriptions.map(({ name }) => name).sort(), held: held.has(id) };
}

function mount(server) {
  const [control] = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.url.startsWith('/cometd')) bayeux.handle(request, response);
    else control(request, response);
  });
}
