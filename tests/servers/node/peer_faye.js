// The Faye client as a peer: node peer_faye.js <url> [long-polling|websocket]
import faye from 'faye';
import { obey, target, tell, transportTeller } from './peer.js';

const { url, transport } = target();
const client = new faye.Client(url, { retry: 1 });
['websocket', 'eventsource'].filter((type) => type !== transport).forEach((type) => client.disable(type));

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
client.connect();

obey({
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
    settle(client.publish(channel, data), 'published', { channel });
  },

  disconnect() {
    settle(client.disconnect(), 'disconnected');
  },
});
