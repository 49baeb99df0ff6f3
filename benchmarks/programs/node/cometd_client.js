// CometD's JavaScript client: node cometd_client.js <folder of node_modules> <task as JSON>
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { runTask } from './run_task.js';

const require = createRequire(`${process.argv[2]}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));
const [{ CometD }, { adapt }] = [await load('cometd'), await load('cometd-nodejs-client')];
adapt();

await runTask(({ url, transport }) => {
  const client = new CometD();
  client.getTransportTypes().filter((type) => type !== transport).forEach((type) => client.unregisterTransport(type));
  client.configure({ url, logLevel: 'warn' });
  return {
    connect: () => new Promise((resolve) => client.handshake(resolve)),
    subscribe: (channel, receive) =>
      new Promise((resolve) => client.subscribe(channel, ({ data }) => receive(data), resolve)),
    publish: (channel, data) => new Promise((resolve) => client.publish(channel, data, resolve)),
    batch: (call) => client.batch(call),
  };
});
