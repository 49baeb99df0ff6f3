// The CometD JavaScript client as a peer: node peer_cometd.js <url> [long-polling|websocket]
import { CometD } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import { obey, target, tell, transportTeller } from './peer.js';

adapt();
const { url, transport } = target();
const client = new CometD();
client.getTransportTypes().filter((type) => type !== transport).forEach((type) => client.unregisterTransport(type));
client.configure({ url, logLevel: 'warn' });
client.registerExtension('transport', transportTeller());

const outcome = ({ successful, error }) => ({ successful, error });
const subscriptions = new Map();

client.handshake(({ clientId, ...reply }) => tell('handshake', { clientId, ...outcome(reply) }));

obey({
  subscribe({ channel }) {
    const receive = (message) => tell('message', { channel: message.channel, data: message.data });
    const handle = client.subscribe(channel, receive, (reply) => tell('subscribed', { channel, ...outcome(reply) }));
    subscriptions.set(channel, handle);
  },

  unsubscribe({ channel }) {
    client.unsubscribe(subscriptions.get(channel), (reply) => tell('unsubscribed', { channel, ...outcome(reply) }));
    subscriptions.delete(channel);
  },

  publish({ channel, data }) {
    client.publish(channel, data, (reply) => tell('published', { channel, ...outcome(reply) }));
  },

  disconnect() {
    client.disconnect((reply) => tell('disconnected', outcome(reply)));
  },
});
