// The CometD JavaScript client as a peer: node peer_cometd.js <url> [long-polling|websocket|callback-polling [wait]]
import { AckExtension, BinaryExtension, CometD } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import { begin, obey, target, tell, transportTeller } from './peer.js';
import { becomePage } from './scripts.js';

const { url, transport } = target();
// The client has callback-polling everywhere; what it lacks in Node is a page to put its scripts in.
if (transport === 'callback-polling') becomePage(url);
adapt();
const client = new CometD();
client.getTransportTypes().filter((type) => type !== transport).forEach((type) => client.unregisterTransport(type));
client.configure({ url, logLevel: 'warn' });
client.registerExtension('transport', transportTeller());
client.registerExtension('binary', new BinaryExtension());

const outcome = ({ successful, error }) => ({ successful, error });
const subscriptions = new Map();
/** The data of a message for the other side, which has no other way to see bytes than as hexadecimal text. */
const shown = ({ ext, data }) => (ext?.binary ? { ...data, data: Buffer.from(data.data).toString('hex') } : data);

function subscribe({ channel }) {
  const receive = (message) => tell('message', { channel: message.channel, data: shown(message) });
  const handle = client.subscribe(channel, receive, (reply) => tell('subscribed', { channel, ...outcome(reply) }));
  subscriptions.set(channel, handle);
}

/** The client forgets its subscriptions with a session; its documentation has them made anew in such a listener. */
function subscribeInEachSession({ successful }) {
  if (successful) [...subscriptions.keys()].forEach((channel) => subscribe({ channel }));
}

function start({ ack, resubscribe } = {}) {
  if (ack) client.registerExtension('ack', new AckExtension());
  if (resubscribe) client.addListener('/meta/handshake', subscribeInEachSession);
  client.handshake(({ clientId, ...reply }) => tell('handshake', { clientId, ...outcome(reply) }));
}

obey({
  ...begin(start),

  subscribe,

  unsubscribe({ channel }) {
    client.unsubscribe(subscriptions.get(channel), (reply) => tell('unsubscribed', { channel, ...outcome(reply) }));
    subscriptions.delete(channel);
  },

  publish({ channel, data }) {
    client.publish(channel, data, (reply) => tell('published', { channel, data, ...outcome(reply) }));
  },

  publishBinary({ channel, hex, last, meta }) {
    const report = (reply) => tell('published', { channel, ...outcome(reply) });
    client.publishBinary(channel, Uint8Array.from(Buffer.from(hex, 'hex')), last, meta ?? undefined, report);
  },

  disconnect() {
    client.disconnect((reply) => tell('disconnected', outcome(reply)));
  },
});
