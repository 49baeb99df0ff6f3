// The Faye client as a peer: node peer_faye.js <url> [long-polling|websocket|callback-polling [wait]]
import faye from 'faye';
import { begin, obey, target, tell, transportTeller } from './peer.js';
import { becomePage, runScript } from './scripts.js';

const { url, transport } = target();
const client = new (clientClass())(url, { retry: 1 });
unwanted().forEach((type) => client.disable(type));

/** The client made for Node, which has no callback-polling; for that the one made for browsers, in a page. */
function clientClass() {
  if (transport !== 'callback-polling') return faye.Client;
  becomePage(url);
  runScript('faye/client/faye-browser.js');
  return globalThis.Faye.Client;
}

/** What the client would prefer. It shakes hands by long-polling where the transport is WebSocket. */
function unwanted() {
  if (transport === 'callback-polling') return ['websocket', 'eventsource', 'long-polling', 'cross-origin-long-polling'];
  return ['websocket', 'eventsource'].filter((type) => type !== transport);
}

const subscriptions = new Map();

/** Tells how a promise of Faye ended. */
function settle(promise, event, detail = {}) {
  promise.then(
    () => tell(event, { ...detail, successful: true }),
    (error) => tell(event, { ...detail, successful: false, error: String(error) }),
  );
}

// The replies of handshake and unsubscribe reach no callback in every outcome; an extension sees them all.
client.addExtension({
  incoming(message, callback) {
    const { channel, clientId, subscription, successful, error } = message;
    if (channel === '/meta/handshake') tell('handshake', { clientId, successful, error });
    if (channel === '/meta/unsubscribe') tell('unsubscribed', { channel: subscription, successful, error });
    callback(message);
  },
});

client.addExtension(transportTeller());

obey({
  ...begin(() => client.connect()),

  subscribe({ channel }) {
    const subscription = client.subscribe(channel)
      .withChannel((concrete, data) => tell('message', { channel: concrete, data }));
    subscriptions.set(channel, subscription);
    settle(subscription, 'subscribed', { channel });
  },

  unsubscribe({ channel }) {
    subscriptions.get(channel).cancel();
    subscriptions.delete(channel);
  },

  publish({ channel, data }) {
    settle(client.publish(channel, data), 'published', { channel, data });
  },

  disconnect() {
    settle(client.disconnect(), 'disconnected');
  },
});
